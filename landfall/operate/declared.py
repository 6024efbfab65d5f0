"""OPERATE: what this checkout declares of datasets and models.

In: the YAML of sources and models. Out: contracts; the rules for keys; the columns that are not exported.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import yaml

from ingest_lambda.arrive.routing import Route, Rules, route
from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.contracts import Contract, parse_contract, rules_of

RESTRICTED = "restricted"
ALIKE = 0.8  # of 1.0: from where on a name is taken for a misspelt setting


def contracts() -> dict[str, Contract]:
    """Read the contracts of the datasets that are declared, as a deployment of this checkout takes them along."""
    from scripts.contracts import read_contracts
    from scripts.package import ROOT

    return {dataset: parse_contract(dict(declared)) for dataset, declared in read_contracts(ROOT).items()}


def rules(pattern: str | None = None, declared: Mapping[str, Contract] | None = None) -> Rules:
    """Gather what a deployment's pattern and the contracts (this checkout's, or those that are given) say of keys."""
    return rules_of(contracts() if declared is None else declared, pattern)


def dataset_of(key: str, rules: Rules) -> str | None:
    """Name the dataset that a key is of by these rules; None where it is ignored."""
    routed = route(key, rules)
    return routed.dataset if isinstance(routed, Route) else None


def restricted_columns(model: str) -> frozenset[str]:
    """Name the columns that a model's YAML declares as restricted: `config: {meta: {restricted: true}}`.

    Raises:
        ConfigError: no YAML declares the model, so that nobody can tell; or what it says is not `restricted: true`.
    """
    from scripts.package import ROOT

    for path in sorted((ROOT / "dbt_project" / "models").rglob("*.yml")):
        for declared in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models", []):
            if declared["name"] == model:
                if _is_restricted(model, declared):
                    raise ConfigError(f"{model} is declared as restricted: nothing of it is exported")
                columns = declared.get("columns", [])
                return frozenset(each["name"].lower() for each in columns if _is_restricted(model, each))
    raise ConfigError(f"no model {model} is declared in dbt_project/models/, which says what of it is restricted")


def _is_restricted(model: str, declared: Mapping[str, Any]) -> bool:
    """Read `restricted` of a column, or of a model, from `config.meta` or, as dbt had it before, from `meta`."""
    meta = {**(declared.get("meta") or {}), **((declared.get("config") or {}).get("meta") or {})}
    of = f"{declared['name']} of {model}"
    if misspelt := [key for key in get_close_matches(RESTRICTED, meta, cutoff=ALIKE) if key != RESTRICTED]:
        raise ConfigError(f"{of}: {misspelt[0]} is no setting; {RESTRICTED} is")
    if not isinstance(meta.get(RESTRICTED, False), bool):
        raise ConfigError(f"{of}: {RESTRICTED} is true or false, not {meta[RESTRICTED]!r}")
    return bool(meta.get(RESTRICTED, False))
