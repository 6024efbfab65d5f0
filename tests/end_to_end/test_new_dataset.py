"""`landfall new-dataset`: what it writes for files nobody has seen builds, passes its gates and keeps the conventions.

One file is generated, with every trap of names and types; the others are real ones of the corpus that
`tests/land/test_corpus.py` describes, where it is at hand. All of them are written into one copy of the project, land
on the run's stack, and are built by one `dbt build`.
"""

# ruff: noqa: S608 - the tests' own SQL

import datetime
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import parquet as pq
from typer.testing import CliRunner

from benchmarks.checkouts import checked_out
from ingest_lambda.judge.contracts import parse_contract
from landfall.app import build as command_line
from landfall.deploy import bootstrap
from local.home import ROOT, Home
from scripts.contracts import read_contracts
from tests.end_to_end.conftest import Operator
from tests.end_to_end.test_upgrade import BEFORE
from tests.land.test_corpus import CORPUS
from tests.model import test_conventions
from tests.support.model_warehouse import DbtRun, ModelWarehouse
from tests.support.releases import Release, is_known
from tests.support.warehouse_seed import login

pytestmark = pytest.mark.xdist_group("end_to_end")

PROJECT = ("dbt_project", "macros", "dbt_project.yml", "profiles.yml", ".sqlfluff", ".sqlfluffignore")
NOON = datetime.datetime(2025, 11, 13, 12)


@dataclass(frozen=True)
class Unseen:
    """A dataset nobody has seen: one of its files, the folder it lands in, and what an operator says of it."""

    name: str
    path: Path
    key: tuple[str, ...]
    time: str | None = None
    folder: str = ""
    snapshot: str | None = None

    @property
    def object_key(self) -> str:
        """Say where its file lands."""
        return f"raw/{self.name}/{self.folder}{self.path.name}"

    @property
    def arguments(self) -> list[str]:
        """Return the command line."""
        time = ["--time", self.time] if self.time else []
        snapshot = ["--snapshot", self.snapshot] if self.snapshot else []
        return ["new-dataset", self.name, "--from", str(self.path), "--key", ",".join(self.key), *time, *snapshot]

    def keys(self) -> set[tuple[Any, ...]]:
        """Return the file's distinct keys."""
        table = pq.read_table(self.path, columns=list(self.key))
        return set(zip(*(table.column(name).to_pylist() for name in self.key), strict=True))


def sensors(path: Path, states: tuple[str, ...] = ("new", "worn", "new", "worn"), **changes: Any) -> Unseen:
    """Write a file whose names and types try every rule; sensor s-1 is there twice."""
    columns = {
        "Sensor ID": pa.array(["s-1", "s-2", "s-3", "s-1"]),
        "order": pa.array([1, 2, 3, 4], pa.int32()),
        "Größe (m)": pa.array([1.5, None, 2.5, float("nan")]),
        "it's": pa.array(states),
        "read_on": pa.array([datetime.date(2025, 11, 1)] * 4),
        "updated_at": pa.array([NOON + datetime.timedelta(hours=hour) for hour in range(4)], pa.timestamp("ns")),
        "tags": pa.array([["x"], [], None, ["y", "z"]]),
        "raw_bytes": pa.array([b"\x00\xff", None, b"", b"a"]),
        "price": pa.array([Decimal("0.12345")] * 4, pa.decimal128(5, 5)),
        "at_time": pa.array([datetime.time(1, 2, 3)] * 4),
        "is_on": pa.array([True, False, None, True]),
        "small": pa.array([1, 2, 3, 4], pa.float32()),
        "unsigned": pa.array([2**64 - 1, 1, 2, 3], pa.uint64()),
        "op": pa.array([None, "U", "I", "U"]),
        "nothing": pa.nulls(4),
        "a name that is too long for one line of SQL beside its alias": pa.array([1, 2, 3, 4]),
        "is_deleted": pa.array([1, 2, 3, 4]),
        "名前": pa.array(["a", "b", "c", "d"]),
    }
    pq.write_table(pa.table(columns | changes), path)
    return Unseen("sensors", path, ("Sensor ID", "read_on"), "Updated_At")


def regions(folder: Path) -> list[Unseen]:
    """Write a dataset that is partitioned by region, in which an id is there once a region; one file a region."""
    files = []
    for region in ("EU", "US%2FCA"):
        path = folder / f"region={region}" / "1.parquet"
        path.parent.mkdir()
        pq.write_table(pa.table({"id": [1, 2], "amount": [1.5, 2.5]}), path)
        files.append(Unseen("regional", path, ("id", "region"), folder=f"region={region}/"))
    return files


def members(path: Path) -> Unseen:
    """Write a dataset whose files replace the ones before, with a column that would be an operation elsewhere."""
    pq.write_table(pa.table({"id": [1, 2], "name": ["Ada", "Bob"], "op": ["I", "D"]}), path)
    return Unseen("members", path, ("id",), snapshot="file")


CORPUS_FILES = (
    ("payments", "ecommerce-data__order_payments.parquet", ("order_id", "payment_sequential"), None),
    ("people", "kylo__samples_sample-data_parquet_userdata4.parquet", ("id",), "registration_dttm"),
    ("impala", "parquet-testing__nullable.impala.parquet", ("id",), None),
)


@dataclass(frozen=True)
class Written:
    """A copy of the project with the new datasets in it, built once on the stack."""

    folder: Path
    datasets: dict[str, Unseen]
    files: dict[str, list[str]]
    dbt: ModelWarehouse
    run: DbtRun


@pytest.fixture(scope="module")
def written(operator: Operator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    """Write all datasets into a copy of the project, land their files, build them."""
    folder = copied_project(tmp_path_factory.mktemp("project"))
    regional, other_region = regions(folder)
    unseen = [sensors(folder / "sensors.parquet"), members(folder / "members.parquet"), regional]
    unseen += [
        Unseen(name, CORPUS / "files" / file, key, time)
        for name, file, key, time in CORPUS_FILES
        if (CORPUS / "files" / file).exists()
    ]
    files = {each.name: write(each, folder)["files"] for each in unseen}
    operator.settle()
    for each in (*unseen, other_region):
        uploaded = operator.upload(each.path, each.object_key)
        assert uploaded.outcome == "landed", uploaded
    operator.settle()  # the stack's own transform makes some of the same views
    contracts = read_contracts(folder)
    for name in files:  # as a deployment does, once the datasets are declared
        bootstrap.prepare_dataset(operator.stack.warehouse, name, parse_contract(dict(contracts[name])))
    with dbt_in(folder, operator) as dbt:
        run = dbt.dbt("build", "--select", *(f"+{each.name}" for each in unseen))
        yield Written(folder, {each.name: each for each in unseen}, files, dbt, run)


def copied_project(folder: Path) -> Path:
    """Copy the dbt project to a folder; return it."""
    for name in PROJECT:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)
    return folder


@contextmanager
def dbt_in(folder: Path, operator: Operator) -> Iterator[ModelWarehouse]:
    """Yield dbt in a copy of the project, parsed, as the administrator of the stack's warehouse."""
    facts = operator.local.redshift
    with login(facts, str(facts["admin_user"]), str(facts["admin_password"])) as admin:
        places = {"DBT_PROJECT_DIR": str(folder), "DBT_PROFILES_DIR": str(folder)}
        places |= {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
        dbt = ModelWarehouse(admin, admin, admin, places)
        dbt.parse()
        yield dbt


def write(unseen: Unseen, folder: Path) -> dict[str, Any]:
    """Run `landfall new-dataset` on the copy; return what it says."""
    done = CliRunner().invoke(command_line(), [*unseen.arguments, "--project", str(folder), "--json"])
    assert done.exit_code == 0, done.output
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("name", ["sensors", "members", *(name for name, *_ in CORPUS_FILES)])
def test_the_dataset_builds_passes_its_gates_and_holds_every_key(written: Written, name: str) -> None:
    if name not in written.datasets:
        pytest.skip(f"the corpus of real files is not at {CORPUS}")
    assert written.run.success, written.run.messages
    gates = {gate: status for gate, status in written.run.statuses.items() if gate.startswith(f"{name}__")}
    assert set(gates.values()) == {"pass"}, gates
    assert {f"{name}__{gate}" for gate in ("schema", "quarantine_rate", "rows_conserved", "unique_key")} <= set(gates)
    assert written.run.status(f"{name}_row_rules") == "pass"
    assert written.dbt.admin.rows(f"select * from gate.quarantine_{name}") == []
    assert written.dbt.admin.value(f"select count(*) from modeled.{name}") == len(written.datasets[name].keys())


def test_a_folder_is_a_column_that_tells_rows_apart_as_part_of_the_key(written: Written) -> None:
    assert written.run.success, written.run.messages
    rows = written.dbt.admin.rows("select id, region, amount from modeled.regional order by region, id")
    assert rows == [(1, "EU", 1.5), (2, "EU", 2.5), (1, "US/CA", 1.5), (2, "US/CA", 2.5)]


def test_hostile_columns_and_types_arrive_with_their_values(written: Written) -> None:
    rows = written.dbt.admin.rows(
        "select order_value, grosse_m, it_s, tags_json, price, at_time, is_on, unsigned, nothing, is_deleted_value, "
        "column_18 from modeled.sensors where sensor_id = 's-3'"
    )
    assert rows == [(3, 2.5, "new", None, Decimal("0.12345"), datetime.time(1, 2, 3), None, 2, None, 3, "c")]
    assert written.dbt.admin.value("select tags_json from modeled.sensors where sensor_id = 's-1'") == '["y","z"]'


def test_bad_rows_are_quarantined_and_an_unknown_value_warns(
    written: Written, operator: Operator, tmp_path: Path
) -> None:
    late = sensors(
        tmp_path / "late.parquet",
        ("new", "lost", "new", "worn"),
        **{
            "Sensor ID": pa.array(["s-8", "s-9", None, "s-9"]),
            "op": pa.array(["U", "U", "U", "D"]),
            "tags": pa.array([["x" * 40_000, "y" * 40_000], [], None, []]),  # more than a VARCHAR holds
        },
    )
    assert operator.upload(late.path, "raw/sensors/late.parquet").outcome == "landed"

    run = written.dbt.build("--select", "+sensors")

    assert run.success, run.messages
    assert run.status("sensors__known_it_s") == "warn"
    reasons = written.dbt.admin.rows("select reject_reason from gate.quarantine_sensors order by reject_reason")
    assert reasons == [("sensor_id_missing",), ("tags_json_too_long",)]
    modeled = written.dbt.admin.rows("select sensor_id, is_deleted from modeled.sensors where sensor_id > 's-7'")
    assert modeled == [("s-9", True)]


def test_the_conventions_hold_in_the_manifest_with_them(written: Written) -> None:
    manifest = written.dbt.manifest
    assert manifest is not None
    checks = [check for name, check in vars(test_conventions).items() if name.startswith("test_")]
    checked = [check(manifest) for check in checks if not hasattr(check, "pytestmark")]
    assert len(checked) >= 10


def test_the_sql_keeps_the_house_style(written: Written) -> None:
    """All of the generated files' models; of the others, staging, which is all that their names and types change."""
    files = [path for files in written.files.values() for path in files if path.endswith(".sql")]
    models = [path for path in files if "sensors" in path or "members" in path or "/staging/" in path]
    written.dbt.lint(*models)


@pytest.mark.skipif(not is_known(BEFORE), reason=f"a shallow clone, without {BEFORE}")
def test_an_entity_that_an_earlier_release_wrote_goes_on_as_it_is(operator: Operator, tmp_path: Path) -> None:
    """Its accepted and deduplicated rows are views of their own, and its SQL repeats the columns and their types."""
    folder = copied_project(tmp_path / "project")
    without_key = {"Sensor ID": pa.array(["s-1", None, "s-3", "s-1"])}
    unseen = replace(sensors(tmp_path / "meters.parquet", **without_key), name="meters")
    with checked_out(BEFORE, tmp_path) as tree:
        release = Release(tree, Home(tmp_path / "no stack"))
        files = release.landfall(*unseen.arguments, "--project", str(folder))["files"]
    assert "dbt_project/models/gate/meters/int_meters__deduplicated.sql" in files
    assert operator.upload(unseen.path, f"raw/meters/{unseen.path.name}").outcome == "landed"

    with dbt_in(folder, operator) as dbt:
        run = dbt.dbt("build", "--select", "+meters")

        assert run.success, run.messages
        gates = {gate: status for gate, status in run.statuses.items() if gate.startswith("meters__")}
        assert set(gates.values()) == {"pass"}, gates
        assert {"meters__rows_conserved", "meters__unique_key", "meters__quarantine_rate"} <= set(gates)
        assert dbt.admin.value("select count(*) from gate.quarantine_meters") == 1
        assert dbt.admin.rows("select sensor_id from modeled.meters order by 1") == [("s-1",), ("s-3",)]
