"""External schemas over the Data Catalog, and the tables of S3 in them, as Redshift Spectrum offers them."""
