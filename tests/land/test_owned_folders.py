"""The folder of a table format is known once its log has arrived; from then on its files are refused.

Data files of Delta Lake, and of Iceberg's writers in Python, look like any others: what lands before the log is named,
with the command that takes it out again.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.arrive.table_logs import log_of, owner_of
from ingest_lambda.errors import RejectedFileError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.table_formats import Ownership, refuse_table_format
from ingest_lambda.judge.verdict import MAX_TEXT
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.reasons import Reason
from ingest_lambda.table_format import OwnedFolder, TableFormat
from ingest_lambda.warehouse import owned_folders
from ingest_lambda.warehouse.owned_folders import LandedBefore
from ingest_lambda.warehouse.sqltypes import BIGINT
from landfall.operate import undos
from tests.land.plans import file_of
from tests.land.test_batches import RecordingDataApi
from tests.land.warehouse import Land, new_dataset

ROWS = pa.table({"id": [1, 2]})
LOGS = {
    TableFormat.DELTA: "_delta_log/00000000000000000000.json",
    TableFormat.HUDI: ".hoodie/hoodie.properties",
    TableFormat.ICEBERG: "metadata/00000-8f2a6b1c-0d3e-4f5a-9b8c-7d6e5f4a3b2c.metadata.json",
}


def put_log(land: Land, dataset: str, table_format: TableFormat = TableFormat.DELTA, below: str = "") -> FileVersion:
    return land.put(f"raw/{dataset}/{below}{LOGS[table_format]}", b"{}")


def status_of(outcome: FileOutcome) -> tuple[Status, str | None]:
    return outcome.status, outcome.reason


REFUSED = (Status.REJECTED, Reason.TABLE_FORMAT)


@pytest.mark.parametrize("table_format", TableFormat)
def test_from_its_log_on_the_files_of_a_table_are_refused_by_every_function(
    land: Land, table_format: TableFormat
) -> None:
    dataset = new_dataset()
    first, second, third = (land.put(f"raw/{dataset}/data/{name}.parquet", ROWS) for name in "abc")
    warm, another = land.function(), land.function()
    assert [outcome.status for outcome in warm.receive(first)] == [Status.LANDED]
    assert [outcome.status for outcome in another.receive(first)] == [Status.DUPLICATE]

    [log] = land.function().receive(put_log(land, dataset, table_format))
    assert log.status is Status.IGNORED

    for function, file in ((warm, second), (another, third), (land.function(), second)):
        [outcome] = function.receive(file)
        assert status_of(outcome) == REFUSED
        assert outcome.verdict is not None
        assert f"raw/{dataset}/ is the folder of a {table_format} table" in outcome.verdict.detail
        assert "1 files of it landed before that" in outcome.verdict.detail
        assert f"landfall undo {first.key};" in outcome.verdict.remedy
    assert land.count(f"landing.{dataset}") == 2
    assert [row["file_id"] for row in land.rows(f"select file_id from ledger.{dataset}")] == [first.file_id]


def test_files_that_come_with_the_log_do_not_land_and_leave_no_table(land: Land) -> None:
    dataset = new_dataset()
    file, log = land.put(f"raw/{dataset}/a.parquet", ROWS), put_log(land, dataset)

    outcomes = land.function().receive(file, log)

    assert [outcome.status for outcome in outcomes] == [Status.REJECTED, Status.IGNORED]
    assert land.rows(f"select 1 from svv_columns where table_name = '{dataset}'") == []


def test_a_function_that_has_not_heard_of_the_log_leaves_no_table_either(land: Land) -> None:
    dataset = new_dataset()
    land.function().receive(put_log(land, dataset))

    [outcome] = land.function().receive(land.put(f"raw/{dataset}/a.parquet", ROWS))

    assert status_of(outcome) == REFUSED
    assert land.rows(f"select 1 from svv_columns where table_name = '{dataset}'") == []


def test_a_table_within_a_dataset_owns_its_own_folder_alone(land: Land) -> None:
    dataset = new_dataset()
    function = land.function()
    function.receive(put_log(land, dataset, below="year=2025/"))

    within, beside = function.receive(
        land.put(f"raw/{dataset}/year=2025/a.parquet", ROWS), land.put(f"raw/{dataset}/year=2026/a.parquet", ROWS)
    )

    assert status_of(within) == REFUSED
    assert beside.status is Status.LANDED
    assert land.count(f"landing.{dataset}") == 2


def test_a_folder_within_a_table_is_the_table_s_and_no_other(land: Land) -> None:
    dataset = new_dataset()
    land.function().receive(put_log(land, dataset))

    for key in (f"raw/{dataset}/americas/a.parquet", f"raw/{dataset}/metadata/a.parquet"):
        [outcome] = land.function().receive(land.put(key, ROWS))
        assert status_of(outcome) == REFUSED
    [elsewhere] = land.function().receive(land.put(f"raw/{dataset}_other/americas/a.parquet", ROWS))
    assert status_of(elsewhere) == (Status.REJECTED, Reason.AMBIGUOUS_FOLDER)


def test_an_event_that_comes_again_of_a_file_that_landed_is_no_rejection(land: Land) -> None:
    dataset = new_dataset()
    function = land.function()
    file = land.put(f"raw/{dataset}/a.parquet", ROWS)
    function.receive(file)
    function.receive(put_log(land, dataset))

    new = land.put(f"raw/{dataset}/b.parquet", ROWS)
    again, refused = function.receive(file, new)

    assert status_of(again) == (Status.DUPLICATE, "already landed")
    assert status_of(refused) == REFUSED
    assert land.count(f"landing.{dataset}") == 2


def test_the_alert_names_what_landed_and_its_undo_leaves_nothing(
    land: Land, alerts: Callable[[], list[dict[str, Any]]]
) -> None:
    dataset = new_dataset()
    function = land.function()
    files = [land.put(f"raw/{dataset}/it's {number}.parquet", ROWS) for number in range(2)]
    function.receive(*files)

    function.receive(put_log(land, dataset))
    later = land.put(f"raw/{dataset}/_delta_log/00000000000000000001.json", b"{}")
    land.function().receive(later)  # the next commit is no news, to a function that is cold neither

    [alert] = [each for each in alerts() if each["MessageAttributes"]["dataset"]["Value"] == dataset]
    facts = json.loads(alert["Message"])
    assert {name: facts[name] for name in ("reason", "folder", "format", "landed_before")} == {
        "reason": "table_format",
        "folder": f"raw/{dataset}/",
        "format": "Delta Lake",
        "landed_before": 2,
    }
    assert set(facts["landed_examples"]) == {file.key for file in files}
    for key in facts["landed_examples"]:
        undos.undo(land.warehouse, land.bucket, key)
    assert land.count(f"landing.{dataset}") == 0
    assert len(land.rows(f"select 1 from ops.owned_folders where dataset = '{dataset}'")) == 1


def test_a_log_that_cannot_be_recorded_comes_back_and_nobody_was_told_for_nothing(
    land: Land, alerts: Callable[[], list[dict[str, Any]]]
) -> None:
    dataset = new_dataset()
    function = land.function(RefusingInserts(land.client("redshift-data")))

    [outcome] = function.receive(put_log(land, dataset))

    assert outcome.status is Status.RETRIED
    assert isinstance(function.report.errors[0], TransientError)
    assert land.rows(f"select 1 from ops.owned_folders where dataset = '{dataset}'") == []
    land.function().receive(put_log(land, dataset))
    assert len(land.rows(f"select 1 from ops.owned_folders where dataset = '{dataset}'")) == 1
    assert len([each for each in alerts() if each["MessageAttributes"]["dataset"]["Value"] == dataset]) == 2


class RefusingInserts:
    """The Data API client, which does not record a folder."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def batch_execute_statement(self, **request: Any) -> Any:
        broken = [
            f"{sql} and the_weather" if sql.startswith("insert into ops.owned_folders") else sql
            for sql in request["Sqls"]
        ]
        return self._client.batch_execute_statement(**{**request, "Sqls": broken})


def test_files_of_a_table_land_where_that_is_declared_and_their_log_owns_nothing(land: Land) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = Contract(append_only=True)
    function = land.function()

    log, file = function.receive(put_log(land, dataset), land.put(f"raw/{dataset}/a.parquet", ROWS))

    assert [log.status, file.status] == [Status.IGNORED, Status.LANDED]
    assert land.rows(f"select 1 from ops.owned_folders where dataset = '{dataset}'") == []


def test_a_folder_that_was_owned_lands_once_that_is_declared(land: Land) -> None:
    dataset = new_dataset()
    land.function().receive(put_log(land, dataset))
    file = land.put(f"raw/{dataset}/a.parquet", ROWS)
    [refused] = land.function().receive(file)
    assert status_of(refused) == REFUSED

    land.contracts[dataset] = Contract(append_only=True)
    [outcome] = land.function().receive(file)

    assert outcome.status is Status.LANDED


@pytest.mark.parametrize("has_landed", [False, True])
def test_a_folder_whose_log_is_gone_lands_again_in_functions_that_knew_it(land: Land, has_landed: bool) -> None:
    dataset = new_dataset()
    function = land.function()
    function.receive(put_log(land, dataset, below="2026/"))
    file = land.put(f"raw/{dataset}/2026/a.parquet", ROWS)
    if has_landed:
        function.receive(land.put(f"raw/{dataset}/b.parquet", ROWS))
    assert status_of(function.receive(file)[0]) == REFUSED
    [folder] = owned_folders.read_folders(land.warehouse, dataset)

    owned_folders.forget(land.warehouse, folder)

    assert function.receive(file)[0].status is Status.LANDED


def test_a_freed_folder_that_may_be_another_table_is_in_doubt_again_in_functions_that_knew_it(land: Land) -> None:
    dataset = new_dataset()
    function = land.function()
    function.receive(put_log(land, dataset, below="americas/"))
    file = land.put(f"raw/{dataset}/americas/a.parquet", ROWS)
    assert status_of(function.receive(file)[0]) == REFUSED
    [folder] = owned_folders.read_folders(land.warehouse, dataset)

    owned_folders.forget(land.warehouse, folder)

    assert status_of(function.receive(file)[0]) == (Status.REJECTED, Reason.AMBIGUOUS_FOLDER)


def test_a_function_that_knew_a_folder_which_another_has_taken_the_place_of_lands_nothing_of_that(land: Land) -> None:
    dataset = new_dataset()
    function = land.function()
    function.receive(put_log(land, dataset, below="2025/"))
    function.receive(land.put(f"raw/{dataset}/a.parquet", ROWS))
    [freed] = owned_folders.read_folders(land.warehouse, dataset)
    owned_folders.forget(land.warehouse, freed)
    land.function().receive(put_log(land, dataset, below="2026/"))

    [outcome] = function.receive(land.put(f"raw/{dataset}/2026/a.parquet", ROWS))

    assert status_of(outcome) == REFUSED
    assert land.count(f"landing.{dataset}") == 2


def test_a_log_that_comes_back_to_a_freed_folder_is_recorded_again_by_a_function_that_knew_it(land: Land) -> None:
    dataset = new_dataset()
    function = land.function()
    function.receive(put_log(land, dataset))
    [freed] = owned_folders.read_folders(land.warehouse, dataset)
    owned_folders.forget(land.warehouse, freed)

    function.receive(put_log(land, dataset))

    assert owned_folders.read_folders(land.warehouse, dataset) == (freed,)


def test_many_folders_of_a_dataset_are_held_against_what_a_load_was_planned_with(land: Land) -> None:
    dataset = new_dataset()
    for number in range(20):
        folder = OwnedFolder(dataset, land.bucket, f"raw/{dataset}/ü {number}/", TableFormat.HUDI, "log")
        owned_folders.record(land.warehouse, folder)

    [outcome] = land.function().receive(land.put(f"raw/{dataset}/a.parquet", ROWS))

    assert outcome.status is Status.LANDED


def test_a_load_of_any_other_dataset_asks_nothing_more(land: Land) -> None:
    api = RecordingDataApi(land.client("redshift-data"))
    function = land.function(api)
    dataset = new_dataset()

    function.receive(land.put(f"raw/{dataset}/a.parquet", ROWS))

    of_folders = [statement for statement in api.sent if "owned_folders" in statement]
    assert len(of_folders) == 1
    assert of_folders[0].startswith("insert into ledger.")


@pytest.mark.parametrize("key", ["raw/_delta_log/00000000000000000000.json", "_delta_log/00000000000000000000.json"])
def test_a_log_above_the_datasets_owns_none_of_them(land: Land, key: str) -> None:
    before = land.count("ops.owned_folders")

    [outcome] = land.function().receive(land.put(key, b"{}"))

    assert outcome.status is Status.IGNORED
    assert land.count("ops.owned_folders") == before


@pytest.mark.parametrize(
    "key",
    [
        "raw/sales/metadata/report.json",
        "raw/sales/metadata.json",
        "raw/sales/_delta_log/notes.json",
        "raw/sales/delta_log/00000000000000000000.json",
        "raw/sales/part-00000-8f2a6b1c-c000.snappy.parquet",
        "raw/sales/data/00000-0-8f2a6b1c-0d3e-4f5a-9b8c-7d6e5f4a3b2c.parquet",
    ],
)
def test_what_is_of_no_log_owns_nothing(key: str) -> None:
    assert log_of(key) is None
    assert owner_of(key) is None


@given(st.lists(st.text(alphabet="k/'\"\\ %_é\n", min_size=1, max_size=1_024), max_size=10), st.integers(0, 10**9))
def test_a_remedy_has_room_for_its_commands_whatever_the_keys(keys: list[str], more: int) -> None:
    dataset = "d" * 100
    landed = LandedBefore(len(keys) + more, tuple(keys))
    folder = OwnedFolder(dataset, "b", "raw/orders/", TableFormat.DELTA, "log")
    file = file_of({"id": BIGINT})

    with pytest.raises(RejectedFileError) as caught:
        refuse_table_format(dataset, file, Contract(), Ownership((folder,), {folder: landed}))

    remedy = caught.value.remedy or ""
    assert len(remedy) <= MAX_TEXT
    assert remedy.isprintable()
    assert ("landfall undo" in remedy) is bool(landed.files)


def test_a_key_can_be_any_text(land: Land) -> None:
    dataset = new_dataset()
    prefix = f'raw/{dataset}/year=it\'s 5% \\ "ü" _/'
    function = land.function()
    file = land.put(f"{prefix}a.parquet", ROWS)
    function.receive(file)

    function.receive(land.put(f"{prefix}{LOGS[TableFormat.DELTA]}", b"{}"))

    [folder] = owned_folders.read_folders(land.warehouse, dataset)
    assert folder == OwnedFolder(dataset, land.bucket, prefix, TableFormat.DELTA, f"{prefix}{LOGS[TableFormat.DELTA]}")
    assert owned_folders.landed_before(land.warehouse, folder) == LandedBefore(1, (file.key,))
