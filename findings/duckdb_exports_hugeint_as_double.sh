#!/bin/sh
# duckdb 2.0.1 exports HUGEINT to parquet as DOUBLE, without a word: whole numbers beyond 2**53 come back changed. sum() of a
# BIGINT column is a HUGEINT, so the totals of an ordinary query are affected.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb

odd = 2**53 + 1
duckdb.sql(f"copy (select sum(n) as total from (values ({odd}::bigint)) as t(n)) to 't.parquet'")
[(kind,)] = duckdb.sql("select type from parquet_schema('t.parquet') where name = 'total'").fetchall()
[(typed,)] = duckdb.sql(f"select typeof(sum(n)) from (values ({odd}::bigint)) as t(n)").fetchall()
[(found,)] = duckdb.sql("select total::hugeint from 't.parquet'").fetchall()
print(f'sum() is a {typed}; in the file it is a {kind}; {odd} reads as {found}')
assert (typed, kind, found) == ('HUGEINT', 'DOUBLE', odd - 1)
PYTHON
