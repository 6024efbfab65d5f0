"""LAND, bucket: S3 as the rooms above use it: what is written to it, and what its refusals mean."""
