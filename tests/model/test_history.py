"""MODEL: `new-dataset --history` keeps every accepted version, and it converges as the modeled table does."""

# ruff: noqa: S608 - the tests' own SQL

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyarrow import parquet as pq
from typer.testing import CliRunner

from ingest_lambda.judge.contracts import parse_contract
from landfall.app import build as command_line
from landfall.deploy import bootstrap
from local.home import ROOT
from scripts.contracts import read_contracts
from tests.support.convergence import Act, Step, standing
from tests.support.following import assert_as_built_anew, follow, whole_tables
from tests.support.model_warehouse import ModelWarehouse
from tests.support.warehouse_seed import NOON, Row, SeedFile

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

# Each example is several dbt runs.
EXAMPLES = 3
PROJECT = ("dbt_project", "macros", "dbt_project.yml", "profiles.yml", ".sqlfluff", ".sqlfluffignore")
RUN = ("--select", "int_readings__checked", "readings_history", "readings")
TABLES = ("readings", "readings_history")
HISTORY = (
    "select id, state, is_deleted, is_current, valid_from, valid_to from modeled.readings_history "
    "order by id, valid_from, valid_to, state, is_deleted"
)


@dataclass(frozen=True)
class Project:
    """A copy of the project in which `readings` keeps its history, on the worker's warehouse."""

    folder: Path
    files: Sequence[str]
    dbt: ModelWarehouse

    def history(self) -> list[tuple[Any, ...]]:
        """Return the whole history."""
        return self.dbt.transformer.rows(HISTORY)

    def empty(self) -> None:
        """Let nothing have landed, and nothing been modeled."""
        self.dbt.loader.run("delete from landing.readings", "delete from ledger.readings")
        self.dbt.loader.run("update lock.readings set load_seq = 0", "delete from ops.model_loads")
        tables = ("gate.int_readings__checked", "modeled.readings", "modeled.readings_history", "lock._model_readings")
        self.dbt.transformer.run(*(f"delete from {table}" for table in tables))


@pytest.fixture(scope="module")
def project(worker_warehouse: ModelWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Write the dataset, make its landing tables, build it with nothing in it."""
    folder = tmp_path_factory.mktemp("project")
    for name in PROJECT:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)
    columns = {"id": ["r-1"], "state": ["new"], "updated_at": pa.array([NOON], pa.timestamp("us")), "op": ["I"]}
    pq.write_table(pa.table(columns), folder / "readings.parquet")
    arguments = ["--from", str(folder / "readings.parquet"), "--key", "id", "--time", "updated_at", "--history"]
    done = CliRunner().invoke(command_line(), ["new-dataset", "readings", *arguments, "--project", str(folder)])
    assert done.exit_code == 0, done.output
    contract = parse_contract(read_contracts(folder)["readings"])
    worker_warehouse.reset()
    worker_warehouse.loader.transaction(*bootstrap.dataset_statements("readings", contract))
    places = {"DBT_PROJECT_DIR": str(folder), "DBT_PROFILES_DIR": str(folder)}
    places |= {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
    dbt = replace(worker_warehouse, environment={**worker_warehouse.environment, **places}, manifest=None)
    dbt.parse()
    dbt.build_green("--select", "+readings", "+readings_history")
    files = [str(path.relative_to(folder)) for path in (folder / "dbt_project").rglob("*readings*.sql")]
    yield Project(folder, files, dbt)
    worker_warehouse.reset()
    worker_warehouse.loader.run(*(f"drop table {schema}.readings cascade" for schema in ("landing", "ledger", "lock")))


def readings(name: str, *rows: Row, modified_at: datetime = NOON) -> SeedFile:
    """Return a file of readings, each row with its place."""
    placed = [{**row, "_row_number": number} for number, row in enumerate(rows, start=1)]
    return SeedFile("readings", f"raw/readings/{name}.parquet", placed, modified_at)


def reading(id_: str | None, state: str, hour: int = 0, op: str = "U") -> Row:
    """Return a version of a reading."""
    return {"id": id_, "state": state, "updated_at": NOON + timedelta(hours=hour), "op": op}


def at(hour: int) -> datetime:
    """Return that hour."""
    return NOON + timedelta(hours=hour)


@pytest.fixture(autouse=True)
def nothing(project: Project) -> None:
    """Begin each test with nothing."""
    project.empty()


def test_a_late_version_ends_the_one_before_it_and_is_not_current(project: Project) -> None:
    dbt = project.dbt
    dbt.loader.land(readings("new", reading("r-1", "first", 0), reading("r-1", "third", 2)))
    dbt.run_green(*RUN)
    dbt.loader.land(readings("late", reading("r-1", "second", 1)))
    dbt.run_green(*RUN)
    assert project.history() == [
        ("r-1", "first", False, False, at(0), at(1)),
        ("r-1", "second", False, False, at(1), at(2)),
        ("r-1", "third", False, True, at(2), None),
    ]


def test_a_version_that_is_sent_twice_is_one_and_a_delete_ends_the_last(project: Project) -> None:
    dbt = project.dbt
    dbt.loader.land(readings("one", reading("r-1", "first", 0)))
    dbt.run_green(*RUN)
    dbt.loader.land(readings("again", reading("r-1", "first", 0), reading("r-1", "first", 1, "D")))
    dbt.run_green(*RUN)
    assert project.history() == [
        ("r-1", "first", False, False, at(0), at(1)),
        ("r-1", "first", True, False, at(1), None),
    ]


def test_of_versions_of_one_moment_the_last_line_is_valid_and_the_others_were_for_no_time(project: Project) -> None:
    project.dbt.loader.land(readings("one", *(reading("r-1", state) for state in ("a", "b", "c"))))
    project.dbt.run_green(*RUN)
    validity = {row[1]: row[3:] for row in project.history()}
    assert validity == {"a": (False, at(0), at(0)), "b": (False, at(0), at(0)), "c": (True, at(0), None)}


def test_the_current_rows_are_those_of_the_modeled_table(project: Project) -> None:
    dbt = project.dbt
    rows = [reading("r-1", "a", 0), reading("r-1", "b", 1), reading("r-2", "a", 1), reading("r-2", "a", 2, "D")]
    dbt.loader.land(readings("one", *rows))
    dbt.loader.land(readings("two", reading("r-1", "b", 1), modified_at=at(3)))
    dbt.run_green(*RUN)
    columns = "id, state, updated_at, _business_at, _row_number, _row_digest, _file_id, _file_modified_at"
    current = dbt.transformer.rows(f"select {columns} from modeled.readings_history where is_current")
    assert current == dbt.transformer.rows(f"select {columns} from modeled.readings where not is_deleted")
    assert [row[0] for row in current] == ["r-1"]


def test_a_version_that_was_held_back_and_is_accepted_later_takes_its_place_though_a_newer_one_is_there(
    project: Project,
) -> None:
    """A modeled table has no use for it any more; a full refresh of the history would bring it."""
    dbt = project.dbt
    dbt.loader.land(readings("old", reading("r-1", "first", 0, "X")))  # an operation that nobody knows
    dbt.run_green(*RUN)
    dbt.loader.land(readings("new", reading("r-1", "second", 1)))
    dbt.run_green(*RUN)
    assert [row[1] for row in project.history()] == ["second"]
    dbt.loader.run("update landing.readings set op = 'I' where state = 'first'")
    dbt.transformer.run("update gate.int_readings__checked set _operation = 'I' where state = 'first'")
    dbt.run_green(*RUN)
    assert [row[1] for row in project.history()] == ["first", "second"]


def drop_the_history(project: Project) -> None:
    """Let the history be new to a dataset that is modeled already."""
    project.dbt.transformer.run("drop table modeled.readings_history")


def run_without_the_history(project: Project) -> None:
    """Upsert the newest versions alone, as a person may."""
    project.dbt.run_green("--select", "int_readings__checked", "readings")


@pytest.mark.parametrize("act", [drop_the_history, run_without_the_history])
def test_a_history_that_is_behind_is_made_up_for_by_the_next_run(
    project: Project, act: Callable[[Project], None]
) -> None:
    dbt = project.dbt
    dbt.loader.land(readings("one", reading("r-1", "first", 0)))
    dbt.run_green(*RUN)
    dbt.loader.land(readings("two", reading("r-1", "second", 1)))
    act(project)
    dbt.run_green(*RUN)
    dbt.run_green(*RUN)
    assert [row[1] for row in project.history()] == ["first", "second"]
    assert dbt.transformer.rows("select state from modeled.readings") == [("second",)]


def test_a_table_that_kept_its_rows_is_not_taken_for_one_that_was_built_anew(project: Project) -> None:
    dbt = project.dbt
    dbt.loader.land(readings("one", reading("r-1", "first", 0)))
    dbt.run_green(*RUN)
    drop_the_history(project)
    dbt.loader.land(readings("two", reading("r-1", "second", 1)))
    dbt.run_green(*RUN)
    taken = "select model, from_seq from ops.model_loads where dataset = 'readings' and upto_seq = 2 order by model"
    assert dbt.transformer.rows(taken) == [("modeled.readings", -1), ("modeled.readings_history", 0)]


def forget_the_history(project: Project) -> None:
    """Let it be as if the history had just been added."""
    drop_the_history(project)
    project.dbt.loader.run("delete from ops.model_loads where model = 'modeled.readings_history'")


@pytest.mark.parametrize("act", [forget_the_history, run_without_the_history])
def test_an_earlier_version_is_found_though_the_tables_have_not_taken_up_the_same(
    project: Project, act: Callable[[Project], None]
) -> None:
    dbt = project.dbt
    first = readings("first", reading("r-1", "first"))
    again = replace(first, version="2", modified_at=at(2))
    with ordered_by_file(dbt):
        dbt.loader.land(readings("zeroth", reading("r-2", "zeroth")))
        dbt.run_green(*RUN)
        dbt.loader.land(again)
        dbt.loader.land(readings("second", reading("r-1", "second"), modified_at=at(1)))
        if act is forget_the_history:
            dbt.run_green(*RUN)
        act(project)
        dbt.loader.land(first)
        assert "readings is built from the first row" in dbt.run_green(*RUN).messages
        assert dbt.transformer.rows("select state from modeled.readings where id = 'r-1'") == [("second",)]


@contextmanager
def ordered_by_file(dbt: ModelWarehouse) -> Iterator[None]:
    """Let readings be a feed that only its files order."""
    assert dbt.manifest is not None
    meta = dbt.manifest.sources["source.landfall.landing.readings"].config.meta
    declared = meta["changes"]
    try:
        meta["changes"] = {"operation": "op", "order": "file"}
        dbt.manifest.build_flat_graph()
        dbt.run_green("--select", "stg_readings")
        yield
    finally:
        meta["changes"] = declared
        dbt.manifest.build_flat_graph()
        dbt.run_green("--select", "stg_readings")


def test_a_gate_that_fails_stops_both_and_they_go_on_together(project: Project) -> None:
    dbt = project.dbt
    dbt.loader.land(readings("good", reading("r-1", "first")))
    dbt.run_green(*RUN)
    before = whole_tables(dbt, *TABLES)
    bad = readings("bad", *(reading(None, "lost", number) for number in range(10)), reading("r-2", "new"))
    dbt.loader.land(bad)
    run = dbt.build("--select", "+readings", "+readings_history")
    assert run.status("readings__quarantine_rate") == "fail"
    assert run.status("readings") == run.status("readings_history") == "skipped"
    assert whole_tables(dbt, *TABLES) == before
    dbt.loader.undo(bad)
    dbt.loader.land(readings("better", reading("r-2", "new")))
    dbt.build_green("--select", "+readings", "+readings_history")
    assert [row[0] for row in project.history()] == ["r-1", "r-2"]


def test_its_sql_keeps_the_house_style(project: Project) -> None:
    assert "dbt_project/models/modeled/readings/readings_history.sql" in project.files
    project.dbt.lint(*project.files)


def test_sql_of_another_style_is_told(project: Project) -> None:
    model = project.folder / "dbt_project/models/modeled/readings/readings_history.sql"
    kept = model.read_text(encoding="utf-8")
    model.write_text(kept.replace("select", "SELECT", 1), encoding="utf-8")
    try:
        dbt = replace(project.dbt, manifest=None)
        dbt.parse()
        with pytest.raises(AssertionError, match="CP01"):
            dbt.lint(str(model.relative_to(project.folder)))
    finally:
        model.write_text(kept, encoding="utf-8")


_rows = st.builds(
    reading,
    st.sampled_from(["r-1", "r-2", None]),
    st.sampled_from(["a", "b"]),
    st.integers(min_value=0, max_value=2),
    st.sampled_from(["I", "U", "D"]),
)


@st.composite
def schedules(draw: st.DrawFn) -> list[Step]:
    """Draw files in some order, the same rows in two of them, with runs between them, and undos of what has landed."""
    rows = [draw(st.lists(_rows, min_size=1, max_size=4)) for _ in range(draw(st.integers(min_value=2, max_value=3)))]
    rows.append(draw(st.sampled_from(rows)))
    files = [
        readings(f"file-{number}", *of_file, modified_at=at(draw(st.integers(min_value=0, max_value=2))))
        for number, of_file in enumerate(rows)
    ]
    steps: list[Step] = []
    for file in draw(st.permutations(files)):
        steps.append(Step(Act.LAND, file))
        then = draw(st.sampled_from([None, Act.RUN, Act.RUN, Act.UNDO]))
        if then is Act.UNDO:
            steps.append(Step(then, draw(st.sampled_from([step.file for step in steps if step.file]))))
        elif then:
            steps.append(Step(then))
    return steps


def told(files: Sequence[SeedFile]) -> list[tuple[Any, ...]]:
    """Tell the law independently: each version once, in the order of time, file and line."""
    versions: dict[str, dict[tuple[Any, ...], tuple[Any, ...]]] = {}
    for file in files:
        for row in file.rows:
            if row["id"] is not None:
                version = (row["updated_at"], row["op"], row["state"])
                place = (row["updated_at"], file.modified_at, file.key, row["_row_number"])
                of_key = versions.setdefault(row["id"], {})
                of_key[version] = max(place, of_key.get(version, place))
    history = []
    for key, of_key in versions.items():
        ordered = sorted(of_key, key=lambda version, of_key=of_key: of_key[version])  # type: ignore[misc]
        ends = [version[0] for version in ordered[1:]]
        for (begin, op, state), end in zip(ordered, [*ends, None], strict=True):
            history.append((key, state, op == "D", end is None and op != "D", begin, end))
    last = datetime.max
    return sorted(history, key=lambda row: (row[0], row[4], row[5] or last, row[1], row[2]))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(schedule=schedules())
def test_whatever_the_order_and_batching_the_history_is_that_of_all_files_and_of_a_full_refresh(
    project: Project, schedule: Sequence[Step]
) -> None:
    project.empty()
    follow(schedule, project.dbt, RUN)
    assert project.history() == told(standing(schedule))
    assert_as_built_anew(project.dbt, RUN, *TABLES)
