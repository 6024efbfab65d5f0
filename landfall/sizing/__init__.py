"""OPERATE: what a volume of files takes, played out before anybody deploys for it (docs/costs.md). No I/O in here."""
