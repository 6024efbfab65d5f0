"""LAND: generated exchange rates and claims land under their contracts, deletes and late rows included."""

# ruff: noqa: S608 - the tests' own query, of names that stand here

from pathlib import Path
from typing import Any

import pytest

from ingest_lambda.judge.contracts import parse_contract
from ingest_lambda.load.outcomes import Status
from ingest_lambda.warehouse.client import Row
from landfall.deploy import bootstrap
from local.home import ROOT
from scripts import claim_generator, claim_rows, fx_generator, fx_rows, generator_files
from scripts.contracts import read_contracts
from scripts.generator_files import Late, Naming, Written
from tests.land.warehouse import Land

DATASETS = ("claims", "fx_rates", "patients", "providers")


@pytest.fixture
def declared(land: Land, monkeypatch: pytest.MonkeyPatch) -> Land:
    """The datasets with their contracts and tables, as a deployment leaves them: empty."""
    contracts = {dataset: parse_contract(dict(read_contracts(ROOT)[dataset])) for dataset in DATASETS}
    for dataset, contract in contracts.items():
        land.warehouse.transaction(bootstrap.dataset_statements(dataset, contract))
        land.warehouse.transaction([f"delete from landing.{dataset}", f"delete from ledger.{dataset}"])
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
        declared.put(f"raw/{file.dataset}/{number}-{file.path.name}", file.path.read_bytes())
        for number, file in enumerate(files)
    ]

    outcomes = declared.function().receive(*uploaded)

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    for dataset in DATASETS:
        assert declared.count(f"landing.{dataset}") == sum(file.rows for file in files if file.dataset == dataset) > 0
    assert columns_of(declared) == columns


def test_rates_land_the_same_from_every_format(declared: Land, tmp_path: Path) -> None:
    plan = fx_rows.Plan(7, wave=2, update_share=1, delete_share=0.2, seed=2)
    files = {
        format_: fx_generator.generate(plan, Naming(tmp_path / format_), format_)[0]
        for format_ in generator_files.FORMATS
    }
    uploaded = {
        format_: declared.put(f"raw/fx_rates/{file.path.name}", file.path.read_bytes())
        for format_, file in files.items()
    }

    outcomes = declared.function().receive(*uploaded.values())

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    landed = {format_: rates_of(declared, file.file_id) for format_, file in uploaded.items()}
    assert len(landed["parquet"]) == files["parquet"].rows > 0
    assert [name for name, rows in landed.items() if rows != landed["parquet"]] == []


def rates_of(land: Land, file_id: str) -> list[Row]:
    """Return the rates that a file brought."""
    return land.rows(
        "select as_of_date, ccy, rate_to_usd, source, updated_at, op from landing.fx_rates"
        f" where _file_id = '{file_id}' order by as_of_date, ccy"
    )


def columns_of(land: Land) -> list[tuple[object, ...]]:
    """Return the columns of the landing tables with their types."""
    names = ", ".join(f"'{dataset}'" for dataset in DATASETS)
    rows = land.rows(
        "select table_name, column_name, data_type, numeric_precision, numeric_scale from svv_columns"
        f" where table_schema = 'landing' and table_name in ({names}) order by 1, 2"
    )
    return [tuple(row.values()) for row in rows]
