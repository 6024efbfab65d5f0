"""LAND, read: what a file says of itself, and its rows: parquet, CSV, JSON."""
