#!/bin/sh
# duckdb 2.0.1 with `parquet_version v2` packs an INTEGER column as differences of up to 34 bits, while the format has the differences of
# an INT32 wrap around at 32 (Encodings.md, DELTA_BINARY_PACKED): pyarrow 26.0.1 and arro3 0.9.1 (parquet-rs, as datafusion and deltalake
# have it) refuse the column where neighbours differ by more than 32 bits hold, as hashes, random ids and buckets do. duckdb and polars
# read it, BIGINT is read by all, and so is INTEGER until the day of one such pair: the writer's own check passes, and the pipeline that
# reads it stops. apache/arrow-go 1027 is the same fault in another writer; of duckdb's we found no report.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==26.0.1 polars==2.1.0 arro3-io==0.9.1 arro3-core==0.9.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import arro3.io
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

READERS = {
    "duckdb": lambda file: [row[0] for row in duckdb.sql(f"from '{file}'").fetchall()],
    "polars": lambda file: pl.read_parquet(file)["bucket"].to_list(),
    "pyarrow": lambda file: pq.read_table(file)["bucket"].to_pylist(),
    "arro3": lambda file: pa.table(arro3.io.read_parquet(file).read_all())["bucket"].to_pylist(),
}


def read(values, kind):
    rows = ", ".join(f"({value})" for value in values)
    duckdb.sql(f"copy (select v::{kind} as bucket from (values {rows}) as t(v)) to 'b.parquet' (parquet_version v2)")
    found = {}
    for name, reader in READERS.items():
        try:
            found[name] = reader("b.parquet") == values
        except Exception as refused:  # each library has its own class of error
            found[name] = str(refused)
    print(kind, values, found)
    return found


near = read([-1_000_000_000, 1_000_000_000], "integer")
wide = read([-2_000_000_000, 2_000_000_000], "integer")
long = read([-2_000_000_000, 2_000_000_000], "bigint")
assert set(near.values()) == set(long.values()) == {True}
assert wide["duckdb"] is True and wide["polars"] is True
assert wide["pyarrow"] == "Unexpected end of stream: InitBlock EOF"
assert "'min_delta' too large" in wide["arro3"]
PYTHON
