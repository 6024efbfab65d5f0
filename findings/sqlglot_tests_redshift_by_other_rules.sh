#!/bin/sh
# sqlglot 30.30.0 takes Redshift for a PostgreSQL, so that a model of Redshift that is tested locally on duckdb 2.0.1 gives other
# values, without an error or a warning: REGEXP_REPLACE replaces the first match (Redshift: each), LISTAGG without a delimiter puts
# commas (Redshift: none), CONCAT leaves a NULL out (Redshift: is NULL). In the other direction too: a REGEXP_REPLACE of duckdb, which
# means the first match, is written the same for Redshift and replaces all there. Redshift's values are those of its pages.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sqlglot==30.30.0 duckdb==2.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb
import sqlglot
from sqlglot import ErrorLevel

MEANT = {  # a query of Redshift: its value there, and on duckdb after sqlglot
    "SELECT REGEXP_REPLACE('1-800-555', '-', '')": ("1800555", "1800-555"),
    "SELECT LISTAGG(code) WITHIN GROUP (ORDER BY code) FROM (SELECT 'a' AS code UNION ALL SELECT 'b') AS codes": ("ab", "a,b"),
    "SELECT CONCAT('invoice ', NULL)": (None, "invoice "),
}
for query, (there, here) in MEANT.items():
    [moved] = sqlglot.transpile(query, read="redshift", write="duckdb", unsupported_level=ErrorLevel.RAISE)
    [(found,)] = duckdb.sql(moved).fetchall()
    print(f"{query}: on Redshift {there!r}; {moved}: on duckdb {found!r}")
    assert found == here != there

first_only = "SELECT REGEXP_REPLACE('1-800-555', '-', '')"
[back] = sqlglot.transpile(first_only, read="duckdb", write="redshift", unsupported_level=ErrorLevel.RAISE)
print("of duckdb, for Redshift:", back)
assert back == first_only
# of a dialect whose function replaces each match, and joins by nothing, it knows so
assert sqlglot.transpile(first_only, read="snowflake", write="duckdb") == [first_only.replace("'')", "'', 'g')")]
PYTHON
