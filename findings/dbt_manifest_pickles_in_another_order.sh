#!/bin/sh
# dbt-core 1.11.16: a Manifest that is pickled and read again (multiprocessing, a cache on disk) has what was in some of its
# fields in others: `Manifest.__reduce_ex__` lists them in an order that the dataclass no longer has. No error is raised until
# somebody looks a reference up.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dbt-core==1.11.16
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import pickle
from dataclasses import fields

from dbt.contracts.graph.manifest import Manifest
from dbt.version import __version__

names = [field.name for field in fields(Manifest) if field.init]
manifest = Manifest()
for name in names:  # each field holds its own name
    object.__setattr__(manifest, name, name)
_, values = manifest.__reduce_ex__(4)
moved = {name: value for name, value in zip(names, values) if isinstance(value, str) and value != name}
print("dbt-core", __version__, "reads again, field <- what was in:", moved)

whole = pickle.loads(pickle.dumps(Manifest()))
print("fixtures are", type(whole.fixtures).__name__, "and were", type(Manifest().fixtures).__name__)
assert __version__ == "1.11.16"
assert moved
assert type(whole.fixtures) is not type(Manifest().fixtures)
PYTHON
