"""LAND, reconcile: compares bucket, ledger and rows, and sends again what no event has brought."""
