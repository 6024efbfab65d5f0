"""LAND: generated exchange rates and claims land under their contracts, deletes and late rows included."""

# ruff: noqa: S608 - the tests' own query, of names that stand here

from pathlib import Path
from typing import Any

import pytest

from ingest_lambda.contracts import parse_contract
from ingest_lambda.outcomes import Status
from landfall import bootstrap
from local.home import ROOT
from scripts import claim_generator, claim_rows, fx_generator, fx_rows
from scripts.contracts import read_contracts
from scripts.generator_files import Late, Naming, Written
from tests.land.warehouse import Land

DATASETS = ("claims", "fx_rates", "patients", "providers")


@pytest.fixture
def declared(land: Land, monkeypatch: pytest.MonkeyPatch) -> Land:
    """The datasets with their contracts and tables, as a deployment leaves them."""
    contracts = {dataset: parse_contract(dict(read_contracts(ROOT)[dataset])) for dataset in DATASETS}
    for dataset, contract in contracts.items():
        land.warehouse.transaction(bootstrap.dataset_statements(dataset, contract))
    monkeypatch.setattr(land, "contracts", contracts)
    return land


def test_generated_files_land_whole_and_change_no_schema(declared: Land, tmp_path: Path) -> None:
    columns = columns_of(declared)
    files: list[Written] = []
    for wave in (1, 2):
        naming = Naming(tmp_path / str(wave), sequence=wave)
        options: dict[str, Any] = {"wave": wave, "bad_rows": 3, "delete_share": 0.2 * (wave - 1)}
        files += fx_generator.generate(fx_rows.Plan(7, **options), naming, "parquet", Late(0.2))
        files += claim_generator.generate(claim_rows.Plan(100, **options), naming, "parquet", Late(0.2))
    uploaded = [
        declared.put(f"raw/{file.dataset}/{file.path.relative_to(tmp_path)}", file.path.read_bytes()) for file in files
    ]

    outcomes = declared.function().receive(*uploaded)

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    for dataset in DATASETS:
        assert declared.count(f"landing.{dataset}") == sum(file.rows for file in files if file.dataset == dataset) > 0
    assert columns_of(declared) == columns


def columns_of(land: Land) -> list[tuple[object, ...]]:
    """Return the columns of the landing tables with their types."""
    names = ", ".join(f"'{dataset}'" for dataset in DATASETS)
    rows = land.rows(
        "select table_name, column_name, data_type, numeric_precision, numeric_scale from svv_columns"
        f" where table_schema = 'landing' and table_name in ({names}) order by 1, 2"
    )
    return [tuple(row.values()) for row in rows]
