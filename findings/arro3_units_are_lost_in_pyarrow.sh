#!/bin/sh
# arro3-io 0.9.1 (parquet-rs) writes timestamp[s], time32[s] and date64 as bare INT64 and INT32. What they mean stands only
# in the arrow schema of the footer, and pyarrow 26.0.1, which reads that schema, restores durations from it but not these:
# a moment is read back as a count of seconds, without a warning.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check arro3-io==0.9.1 arro3-core==0.9.1 pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import base64
import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
from arro3.io import write_parquet

written = pa.table(
    {
        "at": pa.array([dt.datetime(2026, 1, 1)], pa.timestamp("s")),
        "clock": pa.array([dt.time(12, 0)], pa.time32("s")),
        "day": pa.array([dt.datetime(2026, 1, 1)], pa.date64()),
        "took": pa.array([dt.timedelta(seconds=5)], pa.duration("s")),
    }
)
write_parquet(written, "a.parquet")

said = pq.read_metadata("a.parquet").metadata[b"ARROW:schema"]
said = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(said)))
read = pq.read_table("a.parquet")
print("written:      ", [str(field.type) for field in written.schema])
print("in the footer:", [str(field.type) for field in said])
print("read:         ", [str(field.type) for field in read.schema], read.to_pylist())
assert [str(field.type) for field in said] == ["timestamp[s]", "time32[s]", "date64[ms]", "duration[s]"]
assert [str(field.type) for field in read.schema] == ["int64", "int32", "int64", "duration[s]"]
assert read.column("at").to_pylist() == [1_767_225_600]
PYTHON
