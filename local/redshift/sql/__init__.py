"""Redshift's queries: parsed, resolved against the catalog, written for PostgreSQL. What no rule knows is refused."""
