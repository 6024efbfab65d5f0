"""OPERATE: what this checkout declares of datasets and models.

In: the YAML of sources and models. Out: contracts; the rules for keys; the columns that are not exported.
"""

from collections.abc import Mapping

import yaml

from ingest_lambda.arrive.routing import Rules
from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.contracts import Contract, parse_contract, rules_of


def contracts() -> dict[str, Contract]:
    """Read the contracts of the datasets that are declared, as a deployment of this checkout takes them along."""
    from scripts.contracts import read_contracts
    from scripts.package import ROOT

    return {dataset: parse_contract(dict(declared)) for dataset, declared in read_contracts(ROOT).items()}


def rules(pattern: str | None = None, declared: Mapping[str, Contract] | None = None) -> Rules:
    """Gather what a deployment's pattern and the contracts (this checkout's, or those that are given) say of keys."""
    return rules_of(contracts() if declared is None else declared, pattern)


def restricted_columns(model: str) -> frozenset[str]:
    """Name the columns that a model's YAML declares as restricted: `config: {meta: {restricted: true}}`.

    Raises:
        ConfigError: no YAML declares the model, so that nobody can tell.
    """
    from scripts.package import ROOT

    for path in sorted((ROOT / "dbt_project" / "models").rglob("*.yml")):
        for declared in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models", []):
            if declared["name"] == model:
                return frozenset(
                    str(column["name"]).lower()
                    for column in declared.get("columns", [])
                    if column.get("config", {}).get("meta", {}).get("restricted")
                )
    raise ConfigError(f"no model {model} is declared in dbt_project/models/, which says what of it is restricted")
