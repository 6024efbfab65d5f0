#!/bin/sh
# polars 2.1.0 writes a column of Int128 as an INT annotation of 128 bits. pyarrow 26.0.1 then refuses the whole file: its
# metadata, and every other column, even when only those are asked for. polars reads it back.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0 pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

frame = pl.DataFrame({"id": [1], "wide": pl.Series([2**100], dtype=pl.Int128)})
frame.write_parquet("p.parquet")
assert pl.read_parquet("p.parquet").equals(frame)

for what, read in {
    "metadata": lambda: pq.read_metadata("p.parquet"),
    "the other column": lambda: pq.read_table("p.parquet", columns=["id"]),
}.items():
    try:
        read()
    except pa.ArrowNotImplementedError as error:
        print(f"{what}: {error}")
    else:
        raise SystemExit(f"{what} can be read by now")
PYTHON
