#!/bin/sh
# duckdb 2.0.1 writes an ARRAY column (a vector of fixed length, as embeddings are) with NULLs among its values so that pyarrow
# 26.0.1 cannot read the column; duckdb itself reads it, and pyarrow reads it when no value is NULL.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

rows = "select id, case when id >= {first} then [1.0, 2.0]::float[2] end as vector from range(1, 4) as t(id)"
duckdb.sql(f"copy ({rows.format(first=1)}) to 'full.parquet'")
duckdb.sql(f"copy ({rows.format(first=2)}) to 'nulls.parquet'")
own = [row[1] for row in duckdb.sql("from 'nulls.parquet' order by id").fetchall()]
full = pq.read_table('full.parquet')['vector'].to_pylist()
try:
    said = str(pq.read_table('nulls.parquet').schema)
except pa.ArrowInvalid as error:
    said = str(error)
print(f'without NULL: {full}; with a NULL duckdb reads {own}, pyarrow says: {said}')
assert full == [[1.0, 2.0]] * 3 and own[0] is None
assert said.startswith('Length spanned by list offsets')
PYTHON
