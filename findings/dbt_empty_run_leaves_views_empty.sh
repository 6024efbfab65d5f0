#!/bin/sh
# dbt-core 1.11.16 with dbt-duckdb 1.11.1: `dbt build --empty`, the dry run that "limits the refs and sources to zero rows", writes the
# limit into the views that it creates: they hold no rows afterwards, whoever asks, until they are created again. A job that then builds
# a table on such a view alone (`--select daily`, as an orchestrator's task of one model does) makes it of nothing, and all that ran is
# PASS. A build that changes data's tables is expected to be dangerous; a dry run is run in order not to be.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dbt-core==1.11.16 dbt-duckdb==1.11.1 duckdb==2.0.1
cd "$folder"
mkdir models
printf 'name: shop\nversion: "1.0.0"\nprofile: shop\n' > dbt_project.yml
printf 'shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: store.duckdb, schema: shop, threads: 1}\n' > profiles.yml
echo "{{ config(materialized='incremental', unique_key='id') }} select 1 as id, 20 as amount" > models/orders.sql
echo "{{ config(materialized='view') }} select * from {{ ref('orders') }}" > models/paid.sql
echo "{{ config(materialized='table') }} select count(*) as orders, sum(amount) as amount from {{ ref('paid') }}" > models/daily.sql
run_dbt() { venv/bin/dbt --no-send-anonymous-usage-stats --no-use-colors --quiet "$@" --profiles-dir .; }
ask() { venv/bin/python -c "import duckdb; print(duckdb.connect('store.duckdb').sql('$1').fetchall())"; }
run_dbt build
before=$(ask 'from shop.daily')
run_dbt build --empty --select orders paid
run_dbt build --select daily
after=$(ask 'from shop.daily')
echo "orders: $(ask 'from shop.orders'); paid, a view on it: $(ask 'from shop.paid'); $(ask 'select sql from duckdb_views() where not internal')"
echo "daily before: $before, after: $after"
test "$before" = '[(1, 20)]'
test "$after" = '[(0, None)]'
test "$(ask 'from shop.orders')" = '[(1, 20)]'
