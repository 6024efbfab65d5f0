#!/bin/sh
# daft 0.7.26 takes dictionary-encoded text and time32 from arrow as Python objects, and writes them to parquet as pickles: bytes
# that no other engine reads, and nothing is said. Dictionary-encoded text is what a pandas category becomes in arrow.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check daft==0.7.26 pyarrow==25.0.1
cd "$folder"
DAFT_PROGRESS_BAR=0 "$folder/venv/bin/python" - <<'PYTHON'
import pickletools
from pathlib import Path

import daft
import pyarrow as pa
import pyarrow.parquet as pq

table = pa.table({'state': pa.array(['a', 'b']).dictionary_encode(), 'at': pa.array([1, 2], pa.time32('s'))})
daft.from_arrow(table).write_parquet('out')
[file] = Path('out').glob('*.parquet')
read = pq.ParquetFile(file)
physical = {read.schema.column(i).name: read.schema.column(i).physical_type for i in range(2)}
values = {name: read.read()[name].to_pylist()[0] for name in physical}
print(f'columns of the file: {physical}; the first values: {values}')
assert physical == {'state': 'BYTE_ARRAY', 'at': 'BYTE_ARRAY'}
for value in values.values():
    assert [op.name for op, *_ in pickletools.genops(value)][-1] == 'STOP'
PYTHON
