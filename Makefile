# Landfall. `make demo` is the first thing to run; `make help` lists the rest.
PYTHON ?= python3
ENV ?= dev
LAYER ?= all
SEED ?= 1
SCHEDULES ?= 1000000
MINUTES ?= 1
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test rights chaos matrix lint audit docs package deploy down constraints

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## make .venv from the pinned requirements

$(INSTALLED): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Landfall needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	@echo "installing requirements.txt into $(VENV): some minutes, once, in which pip says nothing"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: setup ## the whole path on this machine, step by step
	$(BIN)/landfall local up
	LANDFALL_STACK= $(BIN)/landfall demo

# Three workers for two cores: tests wait for services now and then.
test: lint ## every check that CI runs
	$(BIN)/pytest -n 3 --dist loadgroup

chaos: setup ## storms of everything that can go wrong: make chaos LAYER=core SEED=1 MINUTES=10 (tests/chaos)
	$(BIN)/python -m tests.chaos --layer $(LAYER) --seed $(SEED) --schedules $(SCHEDULES) --minutes $(MINUTES)

rights: setup ## take rights from the deployed roles, one by one: the product must say what it lacks (minutes)
	LANDFALL_ALL_RIGHTS=1 $(BIN)/pytest tests/end_to_end/test_rights.py

matrix: setup ## let some fifteen writers of parquet write their types, and land them (slow; its own environment)
	PYTHON=$(PYTHON) tests/matrix/run.sh

lint: setup ## ruff, mypy, cfn-lint, zizmor, dbt parse, dbt-score (sqlfluff needs a warehouse: it runs with the tests)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint infra/cloudformation/*.yaml infra/delivery/*.yaml
	$(BIN)/zizmor --offline --quiet .github
	DBT_TARGET_PATH=.landfall/dbt/target DBT_LOG_PATH=.landfall/dbt/logs $(BIN)/dbt parse --quiet
	$(BIN)/dbt-score lint --manifest .landfall/dbt/target/manifest.json

# checkov reads templates, asl-validator the definition as a deployment renders it; what either says that is not so here is
# answered beside it, in the template. Each is in an environment of its own: see docs/decisions/0005.
AUDIT := .landfall/audit-venv

audit: $(AUDIT)/.installed ## checkov and asl-validator on the templates (needs npx; installs 100 packages once)
	$(AUDIT)/bin/checkov --quiet --compact --framework cloudformation --skip-download --directory infra
	sed -e 's/$${Partition}/aws/g' -e 's/$${[A-Za-z]*}/1/g' infra/cloudformation/transform.asl.json > .landfall/transform.asl.json
	npx --yes asl-validator@4.0.0 --json-path .landfall/transform.asl.json

$(AUDIT)/.installed: infra/audit/requirements.txt
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

docs: setup ## dbt docs as one static page: .landfall/docs/index.html
	$(BIN)/landfall docs

package: setup ## the two Lambda zips, in .landfall/dist
	$(BIN)/landfall package

deploy: setup ## deploy to AWS: make deploy ENV=dev (see docs/deploy.md)
	$(BIN)/landfall deploy --env $(ENV) $(ARGS)

down: ## stop the local stack (its state stays until `landfall local reset`)
	@if [ -x $(BIN)/landfall ]; then $(BIN)/landfall local down; fi

constraints: setup ## write constraints.txt anew after a change of requirements.txt
	@{ echo "# What requirements.txt brings along, pinned. Made by: make constraints"; \
	   $(BIN)/python -m pip freeze --exclude-editable; } > constraints.txt
