#!/bin/sh
# chdb 4.4.0 queries an arrow table in place, and takes a column of date64 (the date of Java's arrow and of drivers built on it) for its
# DateTime, 32 bits of seconds from 1970: a birthday of 1950 becomes a day in 2086, and the "valid until" of 9999-12-31 one in 2106, which
# compares, joins and is written to parquet as any other. The same dates as date32 are right, and so is this very column once it has
# been through a parquet file. No error is raised: a query is wrong by what arrow calls the date, not by what chdb can hold. We found no report.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check chdb==4.4.0 pyarrow==26.0.1
cd "$folder"
TZ=UTC "$folder/venv/bin/python" - <<'PYTHON'
import datetime as dt

import chdb
import pyarrow as pa
import pyarrow.parquet as pq

DAYS = [dt.date(2026, 1, 1), dt.date(1950, 1, 1), dt.date(9999, 12, 31)]
people = pa.table({"day": pa.array(DAYS, pa.date64())})
same = pa.table({"day": pa.array(DAYS, pa.date32())})
pq.write_table(people, "people.parquet")


def days(source):
    return [line.strip('"') for line in str(chdb.query(f"select toString(toDate32(day)) from {source}", "CSV")).split()]


def older(source):
    return int(str(chdb.query(f"select count() from {source} where day < toDate32('2000-01-01')", "CSV")))


for source in ("Python(people)", "Python(same)", "file('people.parquet', Parquet)"):
    print(f"{source}: {days(source)}, {older(source)} before 2000")
right = [day.isoformat() for day in DAYS]
assert days("Python(same)") == days("file('people.parquet', Parquet)") == right
assert days("Python(people)") == ["2026-01-01", "2086-02-06", "2106-01-28"]
assert (older("Python(people)"), older("Python(same)")) == (0, 1)
PYTHON
