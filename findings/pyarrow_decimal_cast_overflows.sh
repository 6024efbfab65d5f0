#!/bin/sh
# pyarrow 26.0.1 casts a decimal to more digits behind the point by a multiplication that wraps around at 128 bits, without an
# error, although a cast is "safe" unless one says otherwise: 9223372036854775807 becomes 46826544.8154... The same value as an
# int64 is refused.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from decimal import Decimal

import pyarrow as pa

large = Decimal(2**63 - 1)
[found] = pa.array([large], pa.decimal128(20, 0)).cast(pa.decimal128(38, 30), safe=True).to_pylist()
print(f'{large} as DECIMAL(38,30) is {found}')
assert found != large
try:
    pa.array([2**63 - 1]).cast(pa.decimal128(38, 30))
except pa.ArrowInvalid as refused:
    print(f'as an int64: {refused}')
else:
    raise AssertionError('the int64 was not refused')
PYTHON
