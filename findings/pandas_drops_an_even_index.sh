#!/bin/sh
# pandas 3.1.1 writes an integer index to parquet only if its values are unevenly spaced: [100, 101, 105] is a column, while
# [100, 101, 102] becomes a range in pandas' own metadata, where no other reader looks. So a key that was made the index is in
# the file or not, as the data happen to be.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import pandas as pd
import pyarrow.parquet as pq


def columns(ids):
    pd.DataFrame({"order_id": ids, "total": 1.5}).set_index("order_id").to_parquet("o.parquet")
    return pq.read_schema("o.parquet").names


even, uneven = columns([100, 101, 102]), columns([100, 101, 105])
print(f"index 100, 101, 102: columns {even}; index 100, 101, 105: columns {uneven}")
assert even == ["total"]
assert uneven == ["total", "order_id"]
PYTHON
