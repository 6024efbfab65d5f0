"""MODEL: an entity's columns change as `landfall add-column` and its kin write it, and the next run takes that in."""

# ruff: noqa: S608 - the tests' own SQL

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from aws_lambda_powertools import Logger
from pyarrow import parquet as pq
from typer.testing import CliRunner

from ingest_lambda.judge.contracts import parse_contract
from landfall.app import build as command_line
from landfall.deploy import bootstrap
from scripts.contracts import read_contracts
from tests.support.following import assert_as_built_anew
from tests.support.model_warehouse import ModelWarehouse
from tests.support.snapshots import copied_project
from tests.support.warehouse_seed import NOON, Row, SeedFile
from transform_lambda.build import Builder
from transform_lambda.catalog import BuiltRelations

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

DATASETS = {"parrots": (), "herons": ("--history",)}
PLATFORM = ("stg_landed_files", "stg_model_loads")
LONG = "g" * 300  # more than the 256 bytes that a text is given which was seen short


@dataclass(frozen=True)
class Project:
    """A copy of the project with the datasets in it, on the worker's warehouse."""

    folder: Path
    dbt: ModelWarehouse

    def command(self, name: str, *arguments: str, exits: int = 0) -> dict[str, Any]:
        """Run a command on the copy; return what it says."""
        done = CliRunner().invoke(command_line(), [name, *arguments, "--project", str(self.folder), "--json"])
        assert done.exit_code == exits, (done.output, done.exception)
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    def change(self, name: str, *arguments: str) -> None:
        """Run a command, and let dbt read what it has written."""
        assert self.command(name, *arguments)["by_hand"] == []
        self.dbt.parse()

    def copy(self, folder: Path) -> "Project":
        """Copy it, with what dbt has parsed."""
        shutil.copytree(self.folder, folder)
        return Project(folder, replace(self.dbt, environment=places(self.dbt, folder), manifest=None))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""
        return self.dbt.transformer.rows(sql)

    def identity(self, table: str) -> int:
        """Return what differs once a table was made anew."""
        return int(self.dbt.admin.value(f"select cast('{table}'::regclass as bigint)"))


def places(dbt: ModelWarehouse, folder: Path) -> dict[str, str]:
    """Return the variables of dbt in a copy of the project."""
    own = {"DBT_PROJECT_DIR": str(folder), "DBT_PROFILES_DIR": str(folder)}
    return {**dbt.environment, **own, "DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}


@pytest.fixture(scope="module")
def original(worker_warehouse: ModelWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Write the datasets, and make their landing tables."""
    folder = copied_project(tmp_path_factory.mktemp("original"))
    columns = {"id": ["a"], "plumage": ["green"], "weight": [1], "seen_at": pa.array([NOON], pa.timestamp("us"))}
    pq.write_table(pa.table(columns), folder / "specimen.parquet")
    worker_warehouse.reset()
    for dataset, more in DATASETS.items():
        source = ["--from", str(folder / "specimen.parquet"), "--key", "id", "--time", "seen_at", *more]
        done = CliRunner().invoke(command_line(), ["new-dataset", dataset, *source, "--project", str(folder)])
        assert done.exit_code == 0, done.output
        contract = parse_contract(read_contracts(folder)[dataset])
        worker_warehouse.loader.transaction(*bootstrap.dataset_statements(dataset, contract))
        worker_warehouse.loader.run(
            f"alter table landing.{dataset} add column clutch bigint"
        )  # as a file has brought it
    dbt = replace(worker_warehouse, environment=places(worker_warehouse, folder), manifest=None)
    dbt.parse()
    yield Project(folder, dbt)
    worker_warehouse.reset()
    for dataset in DATASETS:
        worker_warehouse.loader.run(*(f"drop table {each}.{dataset} cascade" for each in ("landing", "ledger", "lock")))


@pytest.fixture
def project(original: Project, tmp_path: Path) -> Iterator[Project]:
    """Model a file of each dataset, and give a copy of the project that the test may change."""
    for dataset in DATASETS:
        rows = [bird("a", clutch=3), bird("b"), bird("c", plumage=LONG), bird(None, clutch=1)]
        original.dbt.loader.land(birds(dataset, "first", *rows))
    original.dbt.build_green("--select", *PLATFORM, *(f"+{dataset}" for dataset in DATASETS))
    yield original.copy(tmp_path / "project")
    original.dbt.drop_models()
    for dataset in DATASETS:
        original.dbt.loader.run(f"delete from landing.{dataset}", f"delete from ledger.{dataset}")
        original.dbt.loader.run(f"update lock.{dataset} set load_seq = 0", "delete from ops.model_loads")


def rewrite(project: Project, *written_and_instead: str) -> None:
    """Let somebody write other SQL for the UPSERT of parrots."""
    [model] = project.folder.glob("dbt_project/models/modeled/*/parrots.sql")
    text = model.read_text()
    for written, instead in zip(written_and_instead[::2], written_and_instead[1::2], strict=True):
        assert written in text
        text = text.replace(written, instead)
    model.write_text(text)
    project.dbt.parse()


def bird(id_: str | None, plumage: str = "green", clutch: int | None = None, day: int = 0) -> Row:
    """Return a row."""
    seen_at = NOON + timedelta(days=day)
    return {"id": id_, "plumage": plumage, "weight": 40, "seen_at": seen_at, "clutch": clutch}


def birds(dataset: str, name: str, *rows: Row, day: int = 0) -> SeedFile:
    """Return a file."""
    return SeedFile(dataset, f"raw/{dataset}/{name}.parquet", rows, NOON + timedelta(days=day))


def built(entity: str) -> tuple[str, ...]:
    """Select what a run builds that follows the change: the entity from its source on."""
    return ("--select", f"source:landing.{entity}+")


@pytest.mark.parametrize("entity", DATASETS)
def test_a_column_that_is_added_has_the_values_of_all_that_has_landed(project: Project, entity: str) -> None:
    project.change("add-column", entity, "clutch", "--type", "integer")
    project.dbt.loader.land(birds(entity, "second", bird("b", clutch=5, day=1), bird("d", clutch=2)))

    run = project.dbt.build_green(*built(entity))

    assert f"{entity} is built from the first row" in run.messages
    assert project.rows(f"select id, clutch from modeled.{entity} order by 1") == [("a", 3), ("b", 5), ("d", 2)]
    quarantine = f"select id, clutch from gate.quarantine_{entity} order by 1"
    assert project.rows(quarantine) == [("c", None), (None, 1)]
    project.dbt.build_green(*built(entity))  # and that was that
    assert f"{entity} is built from the first row" not in project.dbt.build_green(*built(entity)).messages
    tables = [entity, *(["herons_history"] if entity == "herons" else [])]
    models = [f"int_{entity}__checked", *tables]
    assert_as_built_anew(project.dbt, ("--select", *models), *tables)


def test_a_gate_stands_before_the_table_that_is_made_anew(project: Project) -> None:
    before = project.rows("select * from modeled.parrots order by id")
    project.change("add-column", "parrots", "clutch", "--type", "bigint")
    bad = birds("parrots", "bad", *(bird(None, clutch=number) for number in range(20)))
    project.dbt.loader.land(bad)

    stopped = project.dbt.build(*built("parrots"))

    assert stopped.status("parrots__quarantine_rate") == "fail"
    assert stopped.status("parrots") == "skipped"
    assert project.rows("select * from modeled.parrots order by id") == before
    project.dbt.loader.undo(bad)
    project.dbt.build_green(*built("parrots"))
    assert project.rows("select id, clutch from modeled.parrots order by 1") == [("a", 3), ("b", None)]


def test_a_column_of_somebody_s_own_in_a_modeled_table_keeps_its_values(project: Project) -> None:
    project.dbt.transformer.run("alter table modeled.parrots add column remark varchar(16)")
    project.dbt.transformer.run("update modeled.parrots set remark = 'seen'")
    project.dbt.loader.land(birds("parrots", "second", bird("b", "blue", day=1), bird("d")))

    project.dbt.build_green(*built("parrots"))

    found = project.rows("select id, plumage, remark from modeled.parrots order by 1")
    assert found == [("a", "green", "seen"), ("b", "blue", "seen"), ("d", "green", None)]


def test_a_column_of_somebody_s_own_is_not_dropped_where_dbt_is_told_to_fail_over_it(project: Project) -> None:
    """`on_schema_change` is of a person's choice in a modeled table."""
    project.dbt.transformer.run("alter table modeled.parrots add column remark varchar(16)")
    project.dbt.transformer.run("update modeled.parrots set remark = 'seen'")
    rewrite(project, "'replace_older',", "'replace_older',\n    on_schema_change='fail',")

    run = project.dbt.build(*built("parrots"))

    assert run.status("parrots") == "error"
    assert "out of sync" in run.messages
    assert project.rows("select distinct remark from modeled.parrots") == [("seen",)]


def test_a_column_of_the_order_that_somebody_dropped_comes_back_with_its_values(project: Project) -> None:
    ordered = "select id, _row_number, _file_id from modeled.parrots order by 1"
    before = project.rows(ordered)
    project.dbt.transformer.run("alter table modeled.parrots drop column _row_number")

    run = project.dbt.build_green(*built("parrots"))

    assert "modeled.parrots has no column _row_number" in run.messages
    assert project.rows(ordered) == before


def test_a_history_keeps_a_column_of_somebody_s_own_run_after_run(
    project: Project, built_relations: BuiltRelations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the function's build, which does not ask for the columns of what stands as it was recorded."""
    for name, value in project.dbt.environment.items():
        monkeypatch.setenv(name, value)
    builder = Builder(project.folder, Logger(service="test"), built_relations)
    plan: dict[str, Any] = {"datasets": ["herons"], "select": ["source:landing.herons+"], "beside": []}
    plan |= {"whole_project": False, "full_refresh": False}
    assert builder.build({**plan, "select": [*plan["select"], *PLATFORM]})["outcome"] == "succeeded"
    for table in ("herons", "herons_history"):
        project.dbt.transformer.run(
            f"alter table modeled.{table} add column remark varchar(16)", f"update modeled.{table} set remark = 'seen'"
        )
    for number in range(3):
        project.dbt.loader.land(birds("herons", f"more-{number}", bird("b", f"blue {number}", day=1 + number)))
        result = builder.build(plan)
        assert (result["outcome"], result["errors"]) == ("succeeded", [])
        assert {f"model.landfall.{name}" for name in ("herons", "herons_history")} <= builder._standing(plan).ids

    assert project.rows("select id, plumage, remark from modeled.herons order by 1") == [
        ("a", "green", "seen"),
        ("b", "blue 2", "seen"),
    ]
    remarks = project.rows("select id, plumage, remark from modeled.herons_history order by id, valid_from")
    assert remarks == [("a", "green", "seen"), ("b", "green", "seen"), *(("b", f"blue {n}", None) for n in range(3))]


def test_a_query_that_brings_fewer_rows_than_the_upsert_deletes_is_refused_and_goes_by_merge(project: Project) -> None:
    newest = "where {{ newest_accepted() }}"
    rewrite(project, newest, f"{newest} and plumage <> 'blue'")
    before = project.rows("select * from modeled.parrots order by id")
    project.dbt.loader.land(birds("parrots", "second", bird("b", "blue", day=1), bird("d")))

    refused = project.dbt.build(*built("parrots"))

    assert refused.status("parrots") == "error"
    assert f"it has not `{newest} ),` in that place" in refused.messages
    assert project.rows("select * from modeled.parrots order by id") == before
    rewrite(project, "'replace_older'", "'merge'")
    project.dbt.build_green(*built("parrots"))
    assert project.rows("select id, plumage from modeled.parrots order by 1") == [(id_, "green") for id_ in "abd"]


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("        id,\n", "        lower(id) as id,\n", "`lower(id) as id` is no column's bare name"),
        ("        id,\n", "        max(id) as id,\n", "`max(id) as id` is no column's bare name"),
        ("        id,\n", "        {{ unless_deleted(['id']) }},\n", "id, by which it is compared, is emptied"),
        ("newest_accepted()", "of_this_run()", "it has not `where {{ newest_accepted() }} ),` in that place"),
        ("select * from final", "select * from final;", "ends with a semicolon"),
        ("'replace_older',", "'replace_older', merge_exclude_columns=['plumage'],", "has merge_exclude_columns"),
        ("unique_key='id'", "unique_key=['id', 'plumage']", "has the unique_key id, plumage"),
    ],
)
def test_another_query_or_config_than_the_upsert_goes_by_is_refused(
    project: Project, written: str, instead: str, said: str
) -> None:
    rewrite(project, written, instead)
    before = project.rows("select * from modeled.parrots order by id")
    project.dbt.loader.land(birds("parrots", "second", bird("b", "blue", day=1)))

    refused = project.dbt.dbt("run", *built("parrots"))

    assert refused.status("parrots") == "error"
    assert said in refused.messages
    assert project.rows("select * from modeled.parrots order by id") == before


def test_a_second_model_on_one_entity_s_checked_rows_is_told_to_go_by_merge(project: Project) -> None:
    [model] = project.folder.glob("dbt_project/models/modeled/*/parrots.sql")
    model.with_name("pets.sql").write_text(model.read_text())
    said = model.with_suffix(".yml").read_text()
    said = said.replace("name: parrots\n", "name: pets\n").replace("name: parrots__", "name: pets__")
    model.with_name("pets.yml").write_text(said)
    project.dbt.parse()
    refused = project.dbt.dbt("run", "--select", "int_parrots__checked", "parrots", "pets")
    assert (refused.status("parrots"), refused.status("pets")) == ("success", "error")
    assert "goes by the rows of int_pets__checked, and there is no such model" in refused.messages


def test_other_names_quotes_and_comments_are_not_taken_for_another_query(project: Project) -> None:
    rewrite(project, "newest", "brought", "brought_accepted", "newest_accepted")
    rewrite(project, "select * from final", "select * from final  -- newer ones alone")
    rewrite(project, "('int_parrots__checked') }}", '("int_parrots__checked") }}  {# the good ones #}')
    project.dbt.loader.land(birds("parrots", "second", bird("b", "blue", day=1)))
    project.dbt.build_green(*built("parrots"))
    assert project.rows("select id, plumage from modeled.parrots order by 1") == [("a", "green"), ("b", "blue")]


def test_a_column_from_now_on_is_added_in_place(project: Project) -> None:
    project.change("add-column", "parrots", "clutch", "--type", "bigint", "--from-now-on")
    tables = ("modeled.parrots", "gate.int_parrots__checked")
    before = [project.identity(table) for table in tables]
    project.dbt.loader.land(birds("parrots", "second", bird("b", clutch=5, day=1)))

    run = project.dbt.build_green(*built("parrots"))

    assert [project.identity(table) for table in tables] == before
    assert "built from the first row" not in run.messages
    assert project.rows("select id, clutch from modeled.parrots order by 1") == [("a", None), ("b", 5)]
    project.dbt.build_green("--full-refresh", *built("parrots"))
    assert project.rows("select id, clutch from modeled.parrots order by 1") == [("a", 3), ("b", 5)]


def test_a_column_that_is_dropped_leaves_the_tables_in_place_and_can_come_back(project: Project) -> None:
    project.change("drop-column", "parrots", "weight")
    before = project.identity("modeled.parrots")

    project.dbt.build_green(*built("parrots"))

    assert project.identity("modeled.parrots") == before
    columns = "select column_name from svv_columns where table_schema = '{}' and table_name = '{}'"
    for schema, table in (("modeled", "parrots"), ("gate", "int_parrots__checked")):
        names = [name for (name,) in project.rows(columns.format(schema, table))]
        assert "plumage" in names
        assert "weight" not in names
    project.change("add-column", "parrots", "weight")
    project.dbt.build_green(*built("parrots"))
    assert project.rows("select id, weight from modeled.parrots order by 1") == [("a", 40), ("b", 40)]


def test_a_column_is_called_otherwise_and_keeps_its_values(project: Project) -> None:
    project.change("rename-column", "parrots", "plumage", "colour")
    project.change("rename-column", "parrots", "seen_at", "noticed_at")
    project.dbt.build_green(*built("parrots"))
    assert project.rows("select id, colour, noticed_at from modeled.parrots order by 1") == [
        ("a", "green", NOON),
        ("b", "green", NOON),
    ]
    assert project.dbt.dbt("test", "--select", "test_type:unit,int_parrots__checked").success


def test_a_type_with_more_room_lets_in_what_was_quarantined_for_want_of_it(project: Project) -> None:
    project.change("retype-column", "parrots", "plumage", "VARCHAR(1024)")
    project.change("retype-column", "parrots", "weight", "numeric(12,2)")
    project.dbt.build_green(*built("parrots"))
    modeled = project.rows("select id, plumage, weight from modeled.parrots order by 1")
    assert modeled == [("a", "green", 40), ("b", "green", 40), ("c", LONG, 40)]
    assert project.rows("select id from gate.quarantine_parrots") == [(None,)]


def test_a_history_takes_a_column_in_or_out_only_as_a_whole(project: Project) -> None:
    project.change("drop-column", "herons", "weight")
    run = project.dbt.build_green(*built("herons"))
    assert "herons is built from the first row" in run.messages
    done = CliRunner().invoke(
        command_line(),
        ["add-column", "herons", "clutch", "--type", "bigint", "--from-now-on", "--project", str(project.folder)],
    )
    assert "keeps its history" in str(done.exception)
