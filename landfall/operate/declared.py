"""OPERATE: what this checkout declares of the datasets. In: the source YAML. Out: contracts; the rules for keys."""

from collections.abc import Mapping

from ingest_lambda.arrive.routing import Rules
from ingest_lambda.judge.contracts import Contract, parse_contract, rules_of


def contracts() -> dict[str, Contract]:
    """Read the contracts of the datasets that are declared, as a deployment of this checkout takes them along."""
    from scripts.contracts import read_contracts
    from scripts.package import ROOT

    return {dataset: parse_contract(dict(declared)) for dataset, declared in read_contracts(ROOT).items()}


def rules(pattern: str | None = None, declared: Mapping[str, Contract] | None = None) -> Rules:
    """Gather what a deployment's pattern and the contracts (this checkout's, or those that are given) say of keys."""
    return rules_of(contracts() if declared is None else declared, pattern)
