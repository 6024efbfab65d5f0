"""ALERT: what people and machines are told."""
