"""LAND, rewrite: values that COPY would misread, made into values that it reads right."""
