#!/bin/sh
# fastparquet 2026.9.0 writes a column of durations (timedelta) as parquet's TIME, a time of day: 30 hours and -5 minutes too, which
# are none. It reads them back as durations; another reader is told a clock time of 30:00.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check fastparquet==2026.9.0 pandas==3.1.1 pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import fastparquet
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

took = pd.DataFrame({'took': [pd.Timedelta(hours=30), pd.Timedelta(minutes=-5)]})
fastparquet.write('t.parquet', took)
kind = pq.read_schema('t.parquet').field('took').type
hours = [value / 3_600_000_000 for value in pq.read_table('t.parquet')['took'].cast(pa.int64()).to_pylist()]
own = fastparquet.ParquetFile('t.parquet').to_pandas()['took'].tolist()
print(f'written: {took.took.tolist()}; the file says {kind}, which pyarrow reads as the times {hours} o\'clock')
assert own == took.took.tolist()
assert (kind, hours) == (pa.time64('us'), [30.0, -5 / 60])
PYTHON
