"""`landfall add-column` and its kin: what they write, refuse and leave alone. That a run takes it in: tests/model."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
import yaml
from pyarrow import parquet as pq
from typer.testing import CliRunner, Result

from ingest_lambda.errors import ConfigError
from landfall import environment
from landfall.app import build
from landfall.new_dataset import edits
from local.home import ROOT
from scripts.contracts import read_contracts

ROWS = {"id": [1, 2], "name": ["a", "b"], "Kind": ["x", "y"], "seen_at": pa.array([0, 1], pa.timestamp("us"))}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask no stack: a warehouse that other tests use may have tables of the same names."""
    monkeypatch.setattr(environment, "stack_if_any", lambda: None)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the commands look at, with a dataset of its own."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "dbt_project", folder / "dbt_project")
    shutil.copy(ROOT / "dbt_project.yml", folder)
    pq.write_table(pa.table(ROWS), tmp_path / "file.parquet")
    said = ["--from", str(tmp_path / "file.parquet"), "--key", "id", "--time", "seen_at"]
    done = CliRunner().invoke(build(), ["new-dataset", "parrots", *said, "--project", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


def run(project: Path, *arguments: str) -> Result:
    """Run a command on the project."""
    return CliRunner().invoke(build(), [*arguments, "--project", str(project)])


def said(project: Path, *arguments: str) -> dict[str, Any]:
    """Run it, and read what it says."""
    done = run(project, *arguments, "--json")
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code in (0, 1), done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def snapshot(project: Path) -> dict[str, str]:
    """Return every file's text."""
    return {str(path.relative_to(project)): path.read_text() for path in project.rglob("*") if path.is_file()}


def test_a_column_is_written_into_every_file_and_taken_out_again_without_a_trace(project: Path) -> None:
    before = snapshot(project)

    added = said(project, "add-column", "parrots", "Clutch", "--type", "integer")

    after = snapshot(project)
    assert {path for path in after if after[path] != before[path]} == set(added["files"])
    models = ("stg_parrots.sql", "stg_parrots.yml", "int_parrots__checked.yml", "parrots.sql", "parrots.yml")
    assert {Path(path).name for path in added["files"]} == {*models, "_parrots__sources.yml", "_parrots__docs.md"}
    assert {"name": "clutch", "data_type": "integer"} in read_contracts(project)["parrots"]["columns"]
    staging = after["dbt_project/models/staging/parrots/stg_parrots.yml"]
    assert edits.declared(staging, "stg_parrots")["clutch"] == "integer"

    dropped = said(project, "drop-column", "parrots", "clutch")
    assert dropped["by_hand"] == []
    modeled = yaml.safe_load(snapshot(project)["dbt_project/models/modeled/parrots/parrots.yml"])["models"][0]
    assert modeled["config"]["meta"]["dropped_columns"] == ["clutch"]
    differ = {path for path, text in snapshot(project).items() if text != before[path]}
    kept = {"_parrots__sources.yml", "_parrots__docs.md", "parrots.yml"}  # landing has it still
    assert {Path(path).name for path in differ} == kept


def test_a_dry_run_says_the_same_and_writes_nothing(project: Path) -> None:
    before = snapshot(project)
    dry = said(project, "rename-column", "parrots", "kind", "sort", "--dry-run")
    assert snapshot(project) == before
    assert dry | {"written": True} == said(project, "rename-column", "parrots", "kind", "sort")


@pytest.mark.parametrize("name", ["kind", "name"])  # `name` is a word of YAML too
def test_a_column_is_called_otherwise_in_all_files_and_still_read_by_its_old_name(project: Path, name: str) -> None:
    assert said(project, "rename-column", "parrots", name, "label")["by_hand"] == []
    after = snapshot(project)
    assert f"        {name} as label,\n" in after["dbt_project/models/staging/parrots/stg_parrots.sql"]
    for path, owner in (("staging/parrots/stg_parrots", "stg_parrots"), ("modeled/parrots/parrots", "parrots")):
        columns = edits.declared(after[f"dbt_project/models/{path}.yml"], owner)
        assert "label" in columns
        assert name not in columns
    assert "        label,\n" in after["dbt_project/models/modeled/parrots/parrots.sql"]


def test_what_is_spoken_of_elsewhere_is_named_with_its_line(project: Path) -> None:
    rules = project / "dbt_project/models/gate/parrots/int_parrots__checked.sql"
    rules.write_text(rules.read_text().replace("always={", "always={\n                'odd': \"kind = 'odd'\","))
    mart = project / "dbt_project/models/marts/orders/fct_parrots.sql"
    mart.write_text("select kind from {{ ref('parrots') }}\n")

    done = run(project, "drop-column", "parrots", "kind")

    assert done.exit_code == 1
    assert "int_parrots__checked.sql: line" in done.stdout
    assert "still speaks of it: 'odd': \"kind = 'odd'\"" in done.stdout
    assert "look at: dbt_project/models/marts/orders/fct_parrots.sql" in done.stdout


def test_a_boolean_stays_one_and_what_staging_makes_one_becomes_one(project: Path) -> None:
    assert said(project, "retype-column", "products", "is_active", "boolean")["by_hand"] == []
    staging = project / "dbt_project/models/staging/parrots/stg_parrots.sql"
    staging.write_text(staging.read_text().replace("        kind,", "        kind = 'x' as kind,"))
    assert said(project, "retype-column", "parrots", "kind", "boolean")["by_hand"] == []


def test_a_file_of_another_shape_is_left_alone_and_told_what_to_write(project: Path) -> None:
    modeled = project / "dbt_project/models/modeled/parrots/parrots.sql"
    modeled.write_text(modeled.read_text().replace("{{ modeled_columns() }}", "/* mine */ 1 as one"))
    before = modeled.read_text()
    done = run(project, "add-column", "parrots", "clutch", "--type", "date")
    assert done.exit_code == 1
    assert f"by hand: {modeled.relative_to(project)}: add `clutch,` to its columns" in done.stdout
    assert modeled.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("add-column", "parots", "clutch"), "did you mean parrots?"),
        (("add-column", "parrots", "kind"), "has a column kind already"),
        (("add-column", "orders", "x", "--type", "date"), "say which has it, --dataset NAME"),
        (("add-column", "parrots", "x", "--type", "text"), "is no type of a modeled column"),
        (("add-column", "parrots", "x", "--type", "varchar(70000)"), "at most 65535 bytes"),
        (("add-column", "parrots", "x", "--type", "date", "--as", "Select"), "cannot name a column"),
        (("rename-column", "parrots", "knid", "sort"), "has no column knid"),
        (("rename-column", "parrots", "kind", "name"), "has a column name already"),
        (("rename-column", "parrots", "kind", "is_deleted"), "cannot name a column"),
        (("drop-column", "parrots", "id"), "cannot be dropped"),
        (("drop-column", "parrots", "seen_at"), "cannot be dropped"),
        (("retype-column", "parrots", "kind", "json"), "is no type"),
        (("retype-column", "parrots", "kind", "boolean"), "as `kind = 1 as kind`, and retype it then"),
        (("retype-column", "orders", "item_count", "boolean"), "lands in order_summary as integer: as a boolean every"),
    ],
)
def test_what_will_not_do_is_refused_with_the_reason_and_nothing_is_written(
    project: Path, arguments: tuple[str, ...], reason: str
) -> None:
    before = snapshot(project)
    done = run(project, *arguments)
    assert isinstance(done.exception, ConfigError), done.output
    assert reason in str(done.exception)
    assert snapshot(project) == before


@pytest.mark.parametrize("entity", ["orders", "customers", "fx_rates", "claims", "providers", "products"])
def test_the_entities_that_ship_are_of_a_shape_that_can_be_edited(project: Path, entity: str) -> None:
    dataset = {"orders": "order_summary"}.get(entity, entity)
    added = said(project, "add-column", entity, "extra", "--type", "varchar(64)", "--dataset", dataset)
    assert added["by_hand"] == []
    assert said(project, "rename-column", entity, "extra", "extra_two")["by_hand"] == []
    assert said(project, "retype-column", entity, "extra_two", "varchar(128)")["by_hand"] == []
    assert said(project, "drop-column", entity, "extra_two")["by_hand"] == []
