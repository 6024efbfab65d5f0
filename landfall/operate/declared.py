"""OPERATE: what this checkout declares of the datasets. In: the source YAML. Out: contracts; formats beside parquet."""

from collections.abc import Collection, Mapping

from ingest_lambda.judge.contracts import Contract, parse_contract


def contracts() -> dict[str, Contract]:
    """Read the contracts of the datasets that are declared, as a deployment of this checkout takes them along."""
    from scripts.contracts import read_contracts
    from scripts.package import ROOT

    return {dataset: parse_contract(dict(declared)) for dataset, declared in read_contracts(ROOT).items()}


def formats() -> Mapping[str, Collection[str]]:
    """Name the formats that datasets take beside parquet."""
    return {dataset: contract.formats for dataset, contract in contracts().items()}
