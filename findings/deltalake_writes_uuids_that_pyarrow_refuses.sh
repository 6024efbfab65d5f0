#!/bin/sh
# deltalake 1.6.6 takes a column of pyarrow's UUID type and stores it as binary of any length, while the arrow schema in the
# file still says UUID, which has 16 bytes: pyarrow refuses file and table, all columns of them, and deltalake its own table with it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import os
import sys
import uuid
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq

deltalake.write_deltalake('table', pa.table({'n': [1], 'id': pa.array([uuid.uuid4().bytes], pa.uuid())}))
[file] = Path('table').glob('*.parquet')
said = []
for read in (lambda: pq.read_table(file, columns=['n']), deltalake.DeltaTable('table').to_pyarrow_table):
    try:
        said.append(str(read().schema))
    except pa.ArrowInvalid as error:
        said.append(str(error))
print(f'column n of the file: {said[0]}; the whole table by deltalake: {said[1]}')
assert said == ['Invalid storage type for UuidType: binary'] * 2
sys.stdout.flush()
os._exit(0)  # at a normal exit these two libraries abort now and then on a busy machine
PYTHON
