#!/bin/sh
# redshift_connector 2.1.17 asks Redshift for values in binary by default, and moves the point of a DECIMAL's integer by
# Decimal.scaleb, which rounds to the 28 digits of Python's default context, also where nothing has to be moved. Redshift's
# DECIMAL has up to 38: the last ten are lost without a warning. As text (client_protocol_version 0) they arrive whole.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check redshift_connector==2.1.17
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import decimal

from redshift_connector.config import DEFAULT_PROTOCOL_VERSION
from redshift_connector.utils.type_utils import numeric_in, numeric_in_binary

number = 20251113120000000000000000000000000007
binary = number.to_bytes(16, "big", signed=True)  # of a DECIMAL(38, 0), as its protocol has it
text = str(number).encode()
read = {"binary": numeric_in_binary(binary, 0, len(binary), 0), "text": numeric_in(text, 0, len(text))}
print("asks for protocol", DEFAULT_PROTOCOL_VERSION, "; sent:", number)
for way, value in read.items():
    print(f"{way}: {value:f}")
with decimal.localcontext(prec=38):
    print(f"binary, in a context of 38 digits: {numeric_in_binary(binary, 0, len(binary), 0):f}")
    assert numeric_in_binary(binary, 0, len(binary), 0) == number
assert DEFAULT_PROTOCOL_VERSION == 2
assert read["text"] == number
assert read["binary"] == number - 7
PYTHON
