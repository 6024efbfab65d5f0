"""OPERATE: what a new dataset needs in the dbt project, written from one of its files.

In: a parquet file, its key, perhaps its time. Out: source, staging, checks, quarantine, UPSERT, gates and docs, as
files of the project that a person reads and goes on with.
"""
