"""Calls of functions: `functions.tsv` lists them, `call.py` the rules of those whose template does not suffice."""
