"""The local Redshift: a real PostgreSQL behind a Redshift wire front and a Redshift Data API endpoint."""
