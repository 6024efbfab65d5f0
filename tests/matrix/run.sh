#!/usr/bin/env bash
# make matrix: let every writer that can be had here write its types, and land what they wrote.
# In: .landfall/matrix/venv and .landfall/matrix/modules, made on demand. Out: tests/matrix/results.tsv, docs/producers.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$PWD/.landfall/matrix here=$PWD/tests/matrix
mkdir -p "$home"

if ! cmp -s "$here/requirements.txt" "$home/requirements.txt"; then
    "${PYTHON:-python3}" -m venv "$home/venv"
    "$home/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$home/requirements.txt"
fi
rm -rf "$home/files" && mkdir -p "$home/files"

for module in "$here"/writers/*_writer.py; do
    writer=$(basename "$module" _writer.py)
    if [ "$writer" = pyspark ] && ! command -v java >/dev/null; then
        echo "pyspark: left out, it needs Java 17 or newer (apt-get install default-jre-headless)"
        continue
    fi
    echo "$writer"
    "$home/venv/bin/python" "$here/write.py" "$home/files" "$writer" >"$home/files/$writer.log" 2>&1 ||
        { tail -5 "$home/files/$writer.log"; exit 1; }
done

if command -v npm >/dev/null; then
    if ! cmp -s "$here/package.json" "$home/modules/package.json"; then
        mkdir -p "$home/modules" && cp "$here/package.json" "$home/modules/package.json"
        (cd "$home/modules" && npm install --silent --no-audit --no-fund)
    fi
    echo "hyparquet-writer, parquet-wasm"
    MATRIX_MODULES=$home/modules node "$here/write.mjs" "$home/files"
else
    echo "hyparquet-writer, parquet-wasm: left out, they need node and npm"
fi

LANDFALL_MATRIX=$home/files .venv/bin/pytest -q tests/matrix/test_matrix.py
.venv/bin/python -m tests.matrix.document
.venv/bin/pytest -q tests/matrix/test_recorded.py
