#!/bin/sh
# dbt-core 1.11.16 told to write no JSON (`--no-write-json`, "Writing JSON files to the target/ directory") makes and writes
# target/graph_summary.json all the same, of every node of the project, even where it only lists models and needs no
# database: so a function whose disk is to stay untouched, or which pays for its CPU, is not helped by the flag alone.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dbt-core==1.11.16 dbt-postgres==1.11.0
cd "$folder"
mkdir models
printf 'name: shop\nversion: "1.0.0"\nprofile: shop\n' > dbt_project.yml
cat > profiles.yml <<'YAML'
shop:
  target: dev
  outputs:
    dev: {type: postgres, host: 127.0.0.1, port: 1, user: nobody, password: none, dbname: shop, schema: shop, threads: 1}
YAML
for number in 1 2 3; do echo "select $number as n" > "models/m$number.sql"; done
venv/bin/dbt --no-send-anonymous-usage-stats --no-write-json --no-partial-parse --quiet list --profiles-dir .
echo "written:"
ls target
test "$(ls target/*.json)" = target/graph_summary.json
python3 - <<'PYTHON'
import json

with open("target/graph_summary.json", encoding="utf-8") as file:
    names = json.dumps(json.load(file))
assert all(f"model.shop.m{number}" in names for number in (1, 2, 3))
PYTHON
