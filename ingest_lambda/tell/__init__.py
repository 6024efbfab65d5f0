"""LAND, tell: log, metrics, events, alerts, and the quarantine of what was rejected."""
