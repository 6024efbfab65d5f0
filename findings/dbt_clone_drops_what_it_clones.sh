#!/bin/sh
# dbt-core 1.11.16 with dbt-duckdb 1.11.1: `dbt clone --full-refresh` whose state is of the schema that it runs in (a CI job with the
# wrong target, the last artifacts of the same job) drops each table and puts a view of that name in its place, which reads itself. All
# rows are gone, the view can be read by nobody, and the command says PASS and exits with 0. Where the platform can clone tables, dbt
# looks whether both are one relation; where it makes views in their place (Redshift, PostgreSQL, DuckDB), it does not.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dbt-core==1.11.16 dbt-duckdb==1.11.1 duckdb==2.0.1
cd "$folder"
mkdir models
printf 'name: shop\nversion: "1.0.0"\nprofile: shop\n' > dbt_project.yml
printf 'shop:\n  target: prod\n  outputs:\n    prod: {type: duckdb, path: store.duckdb, schema: shop, threads: 1}\n' > profiles.yml
echo "{{ config(materialized='incremental', unique_key='id') }} select 1 as id, 20 as amount" > models/orders.sql
run_dbt() { venv/bin/dbt --no-send-anonymous-usage-stats --no-use-colors "$@" --profiles-dir .; }
ask() { venv/bin/python -c "import duckdb; print(duckdb.connect('store.duckdb').sql(\"$1\").fetchall())"; }
run_dbt --quiet build
before=$(ask 'from shop.orders')
cp -r target state
run_dbt clone --full-refresh --state state | tee said.txt
kept=$(ask "select count(*) from information_schema.tables where table_type = 'BASE TABLE'")
view=$(ask 'select sql from duckdb_views() where not internal')
echo "orders before: $before; tables now: $kept; $view"
grep -q 'PASS=1 WARN=0 ERROR=0' said.txt
test "$before" = '[(1, 20)]'
test "$kept" = '[(0,)]'
test "$view" = "[('CREATE VIEW shop.orders AS SELECT * FROM shop.orders;',)]"
