#!/bin/sh
# deltalake 1.6.6 casts what is appended to the types of the table, where its guide has an append of another schema raise an error:
# 10.99 that meets a BIGINT lands as 10, as a DOUBLE and as a DECIMAL, with schema_mode "merge" too, and no warning is given. It looks
# strict, since a word or a number beyond BIGINT is refused. A table has the types of its first batch: one day of whole prices (JSON,
# CSV, a pandas column without cents), and each later day loses its cents. That types are cast is reported (delta-io/delta-rs 2642,
# 3917), with text and whole numbers, which lose nothing by it; of fractions we found no report.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1 pandas==3.1.1
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import os
import sys
from decimal import Decimal

import pandas as pd
from deltalake import DeltaTable, write_deltalake

batches = {"DOUBLE": pd.DataFrame({"price": [10.99]}), "DECIMAL": pd.DataFrame({"price": [Decimal("10.99")]})}
for kind, batch in batches.items():
    for mode in (None, "merge"):
        folder = f"orders_{kind}_{mode}"
        write_deltalake(folder, pd.DataFrame({"price": [20]}))
        write_deltalake(folder, batch, mode="append", schema_mode=mode)
        landed = sorted(DeltaTable(folder).to_pyarrow_table()["price"].to_pylist())
        print(f"10.99 as {kind} meets BIGINT, schema_mode {mode}: the table has {landed}")
        assert landed == [10, 20]

for value in ("ten", 1e300):
    try:
        write_deltalake("orders_DOUBLE_None", pd.DataFrame({"price": [value]}), mode="append")
    except Exception as refused:
        print(f"{value} is refused: {refused}")
    else:
        raise SystemExit(f"{value} is taken by now")
sys.stdout.flush()
os._exit(0)  # at a normal exit these two libraries abort now and then on a busy machine
PYTHON
