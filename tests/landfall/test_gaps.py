"""Old rows leave landing by command; what would build over the gap is refused, and each way out is a command."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.errors import ConfigError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract
from landfall.deploy.deployment import check_keeps_files
from landfall.doctor import warehouse as checks
from landfall.operate import declared, gaps, objects, transforms
from tests.land.warehouse import message, new_dataset
from tests.landfall.conftest import Desk

DAYS = 90
KEPT_SHORTER = checks._kept_shorter
READ_WITH: dict[str, list[str]] = {}
UNREAD: set[str] = set()
REFUSED: dict[str, str] = {}


def say(names: Sequence[str]) -> Mapping[str, Any]:
    """Say what the transform function would: all is modeled, and rebuilt alone unless READ_WITH knows more."""
    bounds = {"upto_seq": 1_000, "kept": [], "refused": REFUSED.get("why")}
    keeps = {"retention_days": DAYS, "lists_each_file": False}
    return {
        "datasets": {name: {**bounds, "declared": keeps} for name in names},
        "read_with": {name: [] if name in UNREAD else [name, *READ_WITH.get(name, [])] for name in names},
    }


@pytest.fixture
def dataset(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A dataset of which all that has landed is old, and modeled; no gap of it is left behind."""
    name = new_dataset()
    monkeypatch.setattr(gaps, "ask", lambda _: say)
    monkeypatch.setattr(checks, "_kept_shorter", lambda _: iter(()))
    contracts = {name: Contract(retention_days=DAYS)}
    monkeypatch.setattr(declared, "contracts", lambda: contracts)
    monkeypatch.setitem(desk.land.contracts, name, contracts[name])  # as deployed with the function
    desk.land.forget_removals()
    yield name
    for said in (READ_WITH, UNREAD, REFUSED):
        said.clear()
    desk.land.forget_removals()
    desk.land.warehouse.execute(f"delete from ops.model_loads where dataset = '{name}'")


def land(desk: Desk, dataset: str, *names: str, days: int = DAYS + 1) -> list[FileVersion]:
    """Land files of a row each, so many days ago, and let a model have taken them in."""
    files = [desk.land.put(f"raw/{dataset}/{name}.parquet", pa.table({"n": [len(name)]})) for name in names]
    desk.function.receive(*files)
    desk.land.warehouse.transaction(
        [
            f'update ledger."{dataset}" set loaded_at = dateadd(day, -{days}, loaded_at)',
            "insert into ops.model_loads (model, dataset, from_seq, upto_seq, run_id, loaded_at) "
            f"values ('modeled.{dataset}', '{dataset}', 0, 100, 'r', getdate())",
        ]
    )
    return files


def erase(desk: Desk, file: FileVersion) -> None:
    desk.stack.s3.delete_object(Bucket=file.bucket, Key=file.key, VersionId=file.version_id)


def test_rows_leave_by_command_an_undo_is_refused_and_a_backfill_brings_them_back(desk: Desk, dataset: str) -> None:
    old, _ = land(desk, dataset, "a", "bb")
    [would] = desk.landfall("housekeeping", "--dataset", dataset, "--dry-run")
    assert (would["outcome"], would["rows"]) == ("would_remove", 2)
    assert desk.landfall("status", "--dataset", dataset)["gaps"] == []
    [done] = desk.landfall("housekeeping", "--dataset", dataset)
    assert (done["outcome"], done["files"], done["rows"]) == ("removed", 2, 2)
    [gap] = desk.landfall("status", "--dataset", dataset)["gaps"]
    assert (gap["files"], gap["rows"], gap["last_seq"]) == (2, 2, 1)
    assert f"landfall backfill raw/ --dataset {dataset} --removed" in desk.say("status", "--dataset", dataset)
    found = [each for each in checks.no_row_is_missing(desk.stack) if dataset in each.detail]
    assert [each.status.value for each in found] == ["warning"]
    standing = desk.landfall("backfill", f"raw/{dataset}/", "--dataset", dataset, "--dry-run")
    assert (standing["known"], standing["missing"]) == ({"removed": 2}, [])

    new = desk.land.put(f"raw/{dataset}/new.parquet", pa.table({"n": [9]}))
    desk.function.receive(new)
    for file in (old, new):
        said = desk.landfall("undo", file.uri, exits=3)
        assert f"landfall backfill raw/ --dataset {dataset} --removed" in said
        assert "gone from S3" not in said
    assert desk.land.rows(f'select file_id from ledger."{dataset}" where undone_at is not null') == []
    assert desk.land.count(f"landing.{dataset}") == 1

    back = desk.landfall("backfill", f"raw/{dataset}/", "--dataset", dataset, "--removed")
    assert (back["sent"], back["gone"], back["archived"]) == (2, [], [])
    assert [outcome.status for outcome in desk.deliver()] == ["landed"] * 2
    assert desk.landfall("status", "--dataset", dataset)["gaps"] == []
    assert desk.land.count(f"landing.{dataset}") == 3
    assert desk.landfall("undo", old.uri)["outcome"] == "undone"
    assert desk.landfall("backfill", f"raw/{dataset}/", "--removed", "--dataset", dataset)["sent"] == 0


def test_an_undo_is_refused_for_a_gap_of_what_is_rebuilt_with_it_alone(desk: Desk, dataset: str) -> None:
    land(desk, dataset, "a")
    desk.landfall("housekeeping", "--dataset", dataset)
    other = new_dataset()
    one, two = (desk.land.put(f"raw/{other}/{name}.parquet", pa.table({"n": [1]})) for name in "ab")
    desk.function.receive(one, two)
    desk.land.warehouse.execute(
        "insert into ops.model_loads (model, dataset, from_seq, upto_seq, run_id, loaded_at) "
        f"values ('modeled.{other}', '{other}', 0, 100, 'r', getdate())"
    )
    assert desk.landfall("undo", one.uri)["outcome"] == "undone"
    READ_WITH[other] = [dataset]
    assert dataset in desk.landfall("undo", two.uri, exits=3)


def test_a_full_refresh_is_refused_before_it_begins(desk: Desk, dataset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[bool] = []

    def start(*_: object, full_refresh: bool) -> str:
        begun.append(full_refresh)
        return "arn"

    monkeypatch.setattr(transforms, "start", start)
    monkeypatch.setattr(type(desk.stack), "step_functions", None)
    monkeypatch.setattr(type(desk.stack), "output", lambda stack, name: stack.outputs.get(name, "arn"))
    land(desk, dataset, "a")
    desk.landfall("transform", "--full-refresh")
    assert begun == [True]
    desk.landfall("housekeeping", "--dataset", dataset)
    assert "a full refresh would lose rows" in desk.landfall("transform", "--full-refresh", exits=3)
    desk.landfall("transform")
    assert begun == [True, False]
    UNREAD.add(dataset)  # its models were deleted
    desk.landfall("transform", "--full-refresh")
    assert begun == [True, False, True]


def test_files_that_are_gone_are_named_and_given_up_by_a_command_of_its_own(desk: Desk, dataset: str) -> None:
    gone, there = land(desk, dataset, "a", "bb")
    assert "no row of" in desk.landfall("housekeeping", "--give-up", "--dataset", dataset, exits=3)
    desk.landfall("housekeeping", "--dataset", dataset)
    erase(desk, gone)
    said = desk.landfall("undo", there.uri, exits=3)
    assert gone.uri in said
    assert f"landfall housekeeping --give-up --dataset {dataset}" in said
    assert "backfill" in desk.landfall("housekeeping", "--give-up", "--dataset", dataset, exits=3)

    back = desk.landfall("backfill", f"raw/{dataset}/", "--dataset", dataset, "--removed", exits=1)
    assert (back["sent"], [each["source_file"] for each in back["gone"]]) == (1, [gone.uri])
    desk.deliver()
    [would] = desk.landfall("housekeeping", "--give-up", "--dataset", dataset, "--dry-run")
    assert (would["outcome"], len(desk.landfall("status", "--dataset", dataset)["gaps"])) == ("would_give_up", 1)
    [given] = desk.landfall("housekeeping", "--give-up", "--dataset", dataset)
    assert (given["outcome"], given["files"], given["rows"]) == ("given_up", 1, 1)
    assert desk.landfall("status", "--dataset", dataset)["gaps"] == []
    undone = desk.land.rows(f'select file_id from ledger."{dataset}" where undone_at is not null')
    assert [row["file_id"] for row in undone] == [gone.file_id]
    assert desk.landfall("undo", there.uri)["outcome"] == "undone"


def test_a_file_that_is_rejected_by_now_does_not_bar_the_way_out(desk: Desk, dataset: str) -> None:
    rejected, fine = land(desk, dataset, "a", "bb")
    desk.landfall("housekeeping", "--dataset", dataset)
    desk.land.contracts[dataset] = Contract(retention_days=DAYS, key=("id",))
    announced = desk.landfall("backfill", f"raw/{dataset}/a", "--dataset", dataset, "--removed")
    assert announced["sent"] == 1
    assert [outcome.status for outcome in desk.deliver()] == ["rejected"]
    [verdict] = desk.landfall("history", "--dataset", dataset, "--outcome", "rejected")
    assert (verdict["source_file"], verdict["reason"].split(":")[0]) == (rejected.uri, "missing_key_column")
    assert desk.landfall("history", "--dataset", dataset, "--outcome", "resolved") == []
    [total] = desk.landfall("status", "--dataset", dataset)["datasets"]
    assert (total["files_landed"], total["files_rejected"]) == (2, 1)
    assert fine.uri in desk.landfall("housekeeping", "--give-up", "--dataset", dataset, exits=3)
    said = desk.landfall("undo", fine.uri, exits=3)
    assert f"1 of them are rejected by landing since (`landfall history` has the verdict) ({rejected.uri})" in said

    desk.land.contracts[dataset] = Contract(retention_days=DAYS)
    [again] = desk.landfall("replay", "--rejected", "--dataset", dataset)
    assert (again["source_file"], again["action"], len(desk.messages())) == (rejected.uri, "sent", 1)
    assert desk.landfall("backfill", f"raw/{dataset}/bb", "--dataset", dataset, "--removed")["sent"] == 1
    assert [outcome.status for outcome in desk.deliver()] == ["landed"]
    [given] = desk.landfall("housekeeping", "--give-up", "--dataset", dataset)
    assert (given["outcome"], given["files"], "rejected" in given["reason"]) == ("given_up", 1, True)
    undone = desk.land.rows(f'select file_id from ledger."{dataset}" where undone_at is not null')
    assert [row["file_id"] for row in undone] == [rejected.file_id]
    assert desk.landfall("status", "--dataset", dataset)["gaps"] == []


def test_a_file_that_a_backfill_brings_back_is_seen_to_wait_while_the_warehouse_is_away(
    desk: Desk, dataset: str
) -> None:
    [file] = land(desk, dataset, "a")
    desk.landfall("housekeeping", "--dataset", dataset)
    assert desk.landfall("backfill", f"raw/{dataset}/", "--dataset", dataset, "--removed")["sent"] == 1

    [body] = desk.deliver_in_an_outage()

    [waits] = desk.landfall("history", "--dataset", dataset, "--outcome", "waiting")
    assert waits["source_file"] == file.uri
    assert desk.function.handle([message(body, receive_count=2)]) == []
    assert desk.land.count(f"landing.{dataset}") == 1
    assert desk.landfall("history", "--dataset", dataset, "--outcome", "waiting") == []


def test_a_file_of_another_dataset_by_now_is_not_landed_there_as_new(
    desk: Desk, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    [moved] = land(desk, dataset, "a")
    desk.landfall("housekeeping", "--dataset", dataset)
    other = new_dataset()
    contracts = {dataset: Contract(retention_days=DAYS), other: Contract(prefixes=(f"raw/{dataset}/",))}
    monkeypatch.setattr(declared, "contracts", lambda: contracts)
    found = desk.landfall("backfill", f"raw/{dataset}/", "--dataset", dataset, "--removed", exits=1)
    assert (found["sent"], [each["source_file"] for each in found["elsewhere"]]) == (0, [moved.uri])
    assert desk.messages() == []
    assert "of another dataset by now" in desk.landfall("undo", moved.uri, exits=3)
    [given] = desk.landfall("housekeeping", "--give-up", "--dataset", dataset)
    assert (given["outcome"], given["files"]) == ("given_up", 1)


def test_a_skipped_copy_of_a_file_that_is_gone_lands_when_its_rows_are_given_up(desk: Desk, dataset: str) -> None:
    skips = Contract(retention_days=DAYS, skips_copies=True)
    desk.land.contracts[dataset] = skips
    [gone] = land(desk, dataset, "a")
    [copy, erased] = land(desk, dataset, "b", "c")  # of the same bytes
    assert {row["load_path"] for row in desk.land.rows(f'select load_path from ledger."{dataset}"')} >= {"skipped"}
    desk.landfall("housekeeping", "--dataset", dataset)
    for file in (gone, erased):
        erase(desk, file)
    assert f"1 files that were skipped as copies, as {copy.uri}, have the same bytes" in desk.landfall(
        "undo", gone.uri, exits=3
    )
    back = desk.landfall("backfill", f"raw/{dataset}/", "--dataset", dataset, "--removed", exits=1)
    assert ([each["source_file"] for each in back["copies"]], back["sent"]) == ([copy.uri], 0)
    [would] = desk.landfall("housekeeping", "--give-up", "--dataset", dataset, "--dry-run")
    assert f"{copy.uri}, would land in their place" in would["reason"]
    assert desk.messages() == []

    [given] = desk.landfall("housekeeping", "--give-up", "--dataset", dataset)
    assert f"{copy.uri}, land in their place" in given["reason"]
    assert [outcome.status for outcome in desk.deliver()] == ["landed"]
    assert desk.land.count(f"landing.{dataset}") == 1
    standing = desk.landfall("reconcile", "--dataset", dataset, "--grace", "0")
    assert (standing["known"], standing["missing"], standing["mismatches"]) == ({"landed": 1}, [], [])


def test_a_copy_that_is_archived_is_restored_before_rows_are_given_up(
    desk: Desk, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.land.contracts[dataset] = Contract(retention_days=DAYS, skips_copies=True)
    gone, copy = land(desk, dataset, "a", "b")
    desk.landfall("housekeeping", "--dataset", dataset)
    erase(desk, gone)
    state = objects.state

    def archived(s3: Any, file: FileVersion) -> objects.State:
        return objects.State.OFFLINE if file.file_id == copy.file_id else state(s3, file)

    monkeypatch.setattr(objects, "state", archived)
    said = desk.landfall("housekeeping", "--give-up", "--dataset", dataset, exits=3)
    assert (copy.uri in said, "restore them first" in said) == (True, True)
    assert desk.land.rows(f'select file_id from ledger."{dataset}" where undone_at is not null') == []
    assert len(desk.landfall("status", "--dataset", dataset)["gaps"]) == 1


def test_who_changes_a_column_over_a_gap_is_told_and_asked_before_it_begins(desk: Desk, dataset: str) -> None:
    land(desk, dataset, "a")
    command = ["evolve", dataset, "n", "VARCHAR(65535)"]
    assert desk.landfall(*command, "--dry-run")["notice"] is None
    desk.landfall("housekeeping", "--dataset", dataset)
    remedy = f"first `landfall backfill raw/ --dataset {dataset} --removed`"
    assert remedy in desk.landfall(*command, "--dry-run")["notice"]
    assert "nobody can be asked here" in desk.landfall(*command, exits=3)
    type_of = f"select data_type from svv_columns where table_schema = 'landing' and table_name = '{dataset}'"
    before = desk.land.rows(f"{type_of} and column_name = 'n'")
    assert desk.landfall(*command, "--yes")["outcome"] == "changed"
    assert desk.land.rows(f"{type_of} and column_name = 'n'") != before


def test_the_doctor_says_why_old_rows_stay(desk: Desk, dataset: str) -> None:
    land(desk, dataset, "a", days=DAYS + 8)
    [fine] = checks.old_rows_leave(desk.stack)
    assert fine.status.value == "ok"
    desk.land.warehouse.execute(f'update ledger."{dataset}" set loaded_at = dateadd(day, -2, loaded_at)')
    [untaken] = checks.old_rows_leave(desk.stack)
    assert (untaken.status.value, "no night has removed them" in untaken.detail) == ("warning", True)
    REFUSED["why"] = "a mart reads its landed rows each time"
    [kept] = checks.old_rows_leave(desk.stack)
    assert (kept.status.value, "a mart reads its landed rows each time" in kept.detail) == ("warning", True)
    assert desk.land.count(f"landing.{dataset}") == 1


@pytest.mark.parametrize(("deleted", "archived", "said"), [("0", "0", 0), ("400", "0", 1), ("400", "365", 2)])
def test_a_life_cycle_that_takes_the_files_of_a_gap_is_warned_of(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, deleted: str, archived: str, said: int
) -> None:
    values = {"DeleteAfterDays": deleted, "DeepArchiveAfterDays": archived}
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
    client = SimpleNamespace(describe_stacks=lambda **_: {"Stacks": [{"Parameters": parameters}]})
    monkeypatch.setattr(checks, "boto3", SimpleNamespace(client=lambda _: client))
    monkeypatch.setattr(declared, "contracts", lambda: {"orders": Contract(retention_days=DAYS)})
    assert [each.status.value for each in KEPT_SHORTER(desk.stack)] == ["warning"] * said
    monkeypatch.setattr(declared, "contracts", lambda: {"orders": Contract()})
    assert list(KEPT_SHORTER(desk.stack)) == []


def test_a_deployment_that_would_delete_the_files_of_rows_that_leave_landing_is_refused() -> None:
    declares: Mapping[str, Any] = {"orders": {"retention_days": DAYS}, "items": {}}
    with pytest.raises(ConfigError, match="of orders: deploy with DeleteAfterDays=0"):
        check_keeps_files({"DeleteAfterDays": "400"}, declares)
    check_keeps_files({"DeleteAfterDays": "0"}, declares)
    check_keeps_files({"DeleteAfterDays": "400"}, {"items": {}})


def test_a_dataset_that_declares_nothing_is_not_touched(desk: Desk, dataset: str) -> None:
    other = new_dataset()
    land(desk, other, "a")
    assert "declares no retention_days" in desk.landfall("housekeeping", "--dataset", other, exits=3)
    assert desk.land.count(f"landing.{other}") == 1
    assert desk.landfall("housekeeping", "--give-up", exits=2) is not None
    desk.land.warehouse.execute(f"delete from ops.model_loads where dataset = '{other}'")
