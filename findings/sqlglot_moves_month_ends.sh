#!/bin/sh
# sqlglot 30.30.0 reads and writes Redshift, and makes ADD_MONTHS(day, 1) of it DATEADD(month, 1, day): not a change of style. On
# Redshift, ADD_MONTHS keeps the end of a month (April 30 and one month is May 31, as its page of ADD_MONTHS shows), DATEADD keeps the
# day (May 30). Whoever only formats, qualifies or renames columns by sqlglot moves the due date of every month's last day. Of Snowflake,
# whose ADD_MONTHS does the same, sqlglot knows it: duckdb 2.0.1 runs what it makes of either.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sqlglot==30.30.0 duckdb==2.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb
import sqlglot

QUERY = "SELECT ADD_MONTHS(CAST('2008-04-30' AS DATE), 1)"


def to(reader, writer):
    [query] = sqlglot.transpile(QUERY, read=reader, write=writer)
    return query


[(of_redshift,)] = duckdb.sql(f"select cast(({to('redshift', 'duckdb')}) as date)").fetchall()
[(of_snowflake,)] = duckdb.sql(f"select cast(({to('snowflake', 'duckdb')}) as date)").fetchall()
print("given:             ", QUERY)
print("redshift, redshift:", to("redshift", "redshift"))
print("snowflake, redshift:", to("snowflake", "redshift"))
print(f"run: as Redshift's {of_redshift}, as Snowflake's {of_snowflake}; Redshift itself, by its page: 2008-05-31")
assert to("redshift", "redshift") == "SELECT DATEADD(MONTH, 1, CAST('2008-04-30' AS DATE))"
assert to("snowflake", "redshift") == QUERY
assert (str(of_redshift), str(of_snowflake)) == ("2008-05-30", "2008-05-31")
PYTHON
