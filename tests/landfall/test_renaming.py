"""`landfall rename-dataset`: the files land under the other name, and the old table goes when they all have."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from typer.testing import CliRunner

from ingest_lambda.errors import CatalogChangedError
from ingest_lambda.file_version import UNVERSIONED, FileVersion
from ingest_lambda.judge.contracts import Contract, SchemaChange
from ingest_lambda.load.outcomes import Status
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.statements import Column
from landfall.app import build
from landfall.commands import rename_dataset
from landfall.operate import declared, drops, renames
from landfall.operate.objects import State
from landfall.operate.statements import moves
from local.home import ROOT
from tests.land.invariants import assert_load_numbers_were_given_once
from tests.land.warehouse import Function, message, new_dataset, parquet
from tests.landfall.conftest import Desk

ROWS = pa.table({"a": [1, 2]})


@dataclass
class Move:
    """A dataset that has landed two files, and another name for it, which the function is deployed with."""

    desk: Desk
    old: str
    new: str
    files: list[FileVersion]
    function: Function
    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def deliver(self, _: float = 0.0) -> None:
        """Let the function handle what is on the queue, while somebody waits."""
        for body in self.desk.messages():
            with redirect_stdout(io.StringIO()):  # its metrics are no answer of the command
                assert self.function.handle([message(body)]) == []
        while self.meanwhile:
            self.meanwhile.pop()()

    def assign(self, dataset: str, patched: pytest.MonkeyPatch) -> None:
        """Deploy a release by whose rules the keys are of a dataset, and of no other."""
        contracts = {dataset: Contract(prefixes=(f"raw/{self.old}/",))}
        patched.setattr(self.desk.land, "contracts", contracts)
        patched.setattr(declared, "contracts", lambda: contracts)
        self.function = self.desk.land.function()

    def begin(self) -> renames.Rename:
        """Announce the files, as a run does that has come no further yet."""
        stack, contracts = self.desk.stack, declared.contracts()
        planned = renames.plan_rename(stack, stack.warehouse, self.old, self.new, contracts, ROOT)
        renames.prepare(stack.warehouse, planned, contracts[self.new])
        return renames.announce(stack, planned, 0.0)

    def tables(self, dataset: str) -> set[str]:
        rows = self.desk.land.rows(f"select table_schema from svv_tables where table_name = '{dataset}'")
        return {row["table_schema"] for row in rows}

    def assert_old_is_whole(self) -> None:
        assert self.tables(self.old) == {"landing", "ledger", "lock"}
        assert self.desk.land.rows(f"select file_id from ledger.{self.old} where undone_at is not null") == []

    def assert_moved(self, rows: int) -> None:
        assert self.tables(self.old) == {"ledger", "lock"}
        assert self.desk.land.rows(f"select file_id from ledger.{self.old} where undone_at is null") == []
        assert self.desk.land.count(f"landing.{self.new}") == rows


@pytest.fixture
def move(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Move:
    old, new = new_dataset("old"), new_dataset("new")
    files = [desk.land.put(f"raw/{old}/{name}.parquet", ROWS) for name in "ab"]
    for file in files:
        desk.function.receive(file)
    found = Move(desk, old, new, files, desk.function)
    found.assign(new, monkeypatch)
    monkeypatch.setattr(renames, "time", SimpleNamespace(monotonic=time.monotonic, sleep=found.deliver))
    return found


def test_the_files_land_under_the_other_name_and_the_old_table_goes(move: Move) -> None:
    keys = move.desk.land.keys(f"raw/{move.old}/")
    planned = move.desk.landfall("rename-dataset", move.old, move.new, "--dry-run")
    facts = {"dataset": move.old, "into": move.new, "files": 2, "rows": 4, "to_land": 2, "left": []}
    assert planned == {**facts, "outcome": "planned", "sent": 0}
    assert move.desk.messages() == []
    move.assert_old_is_whole()

    done = move.desk.landfall("rename-dataset", move.old, move.new, "--yes")

    assert done == {**facts, "outcome": "renamed", "sent": 2}
    move.assert_moved(rows=4)
    assert move.desk.land.keys(f"raw/{move.old}/") == keys
    assert move.desk.landfall("reconcile", "--dataset", move.new, "--grace", "0")["known"] == {"landed": 2}
    later = move.desk.land.put(f"raw/{move.old}/c.parquet", ROWS)
    outcomes = move.function.receive(*move.files, later)
    assert [(each.status, each.dataset) for each in outcomes] == [
        (Status.DUPLICATE, move.new),
        (Status.DUPLICATE, move.new),
        (Status.LANDED, move.new),
    ]
    undone = move.desk.landfall("undo", move.files[0].key)
    assert (undone["dataset"], undone["outcome"], undone["rows"]) == (move.new, "undone", 2)
    again = move.desk.landfall("rename-dataset", move.old, move.new, "--yes")
    assert (again["outcome"], move.desk.messages()) == ("already_renamed", [])


def test_what_is_cut_short_goes_on_where_it_was(move: Move) -> None:
    move.function.receive(move.files[0])  # announced by a run that ended here
    done = move.desk.landfall("rename-dataset", move.old, move.new, "--yes")
    assert (done["outcome"], done["to_land"], done["sent"]) == ("renamed", 1, 1)
    move.assert_moved(rows=4)


def test_where_the_time_is_up_the_old_table_stays(move: Move) -> None:
    done = move.desk.landfall("rename-dataset", move.old, move.new, "--yes", "--timeout", "0", exits=2)
    assert (done["outcome"], done["sent"], len(done["left"])) == ("left", 2, 2)
    move.assert_old_is_whole()
    move.deliver()
    done = move.desk.landfall("rename-dataset", move.old, move.new, "--yes")
    assert (done["outcome"], done["to_land"]) == ("renamed", 0)
    move.assert_moved(rows=4)


def test_a_file_that_is_rejected_under_the_other_name_keeps_the_old_table(move: Move) -> None:
    frozen = Contract(
        SchemaChange.FREEZE, (Column("b", sqltypes.INTEGER),), prefixes=move.desk.land.contracts[move.new].prefixes
    )
    move.desk.land.contracts[move.new] = frozen
    done = move.desk.landfall("rename-dataset", move.old, move.new, "--yes", exits=1)
    assert done["outcome"] == "left"
    assert {each["source_file"] for each in done["left"]} == {file.uri for file in move.files}
    assert all(each["reason"].startswith("rejected: schema_frozen") for each in done["left"])
    move.assert_old_is_whole()


def test_a_file_that_is_gone_from_the_bucket_keeps_the_old_table(move: Move) -> None:
    gone = move.files[0]
    move.desk.land.client("s3").delete_object(Bucket=gone.bucket, Key=gone.key, VersionId=gone.version_id)
    done = move.desk.landfall("rename-dataset", move.old, move.new, "--yes", exits=1)
    assert (done["outcome"], done["sent"]) == ("left", 1)
    why = renames.UNREAD[State.GONE]
    assert done["left"] == [{"source_file": gone.uri, "version_id": gone.version_id, "reason": why}]
    move.assert_old_is_whole()
    assert move.desk.land.count(f"landing.{move.new}") == 2


def test_a_file_of_a_bucket_without_versions_whose_key_another_has_keeps_the_old_table(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows would go with the old name, and what S3 has is not what they came of."""
    land, bucket, key = move.desk.land, new_dataset("unversioned").replace("_", "-"), f"raw/{move.old}/c.parquet"
    land.client("s3").create_bucket(Bucket=bucket)
    stored = land.client("s3").put_object(Bucket=bucket, Key=key, Body=parquet(ROWS))
    file = FileVersion(bucket, key, UNVERSIONED, stored["ETag"].strip('"'), len(parquet(ROWS)))
    move.assign(move.old, monkeypatch)
    outcomes = move.function.receive(file, land.put(f"raw/{move.old}/d.parquet", ROWS))
    assert [each.status for each in outcomes] == [Status.LANDED, Status.LANDED]
    move.assign(move.new, monkeypatch)
    land.client("s3").put_object(Bucket=bucket, Key=key, Body=b"no parquet")

    done = move.desk.landfall("rename-dataset", move.old, move.new, "--yes", exits=1)

    assert (done["outcome"], done["sent"]) == ("left", 3)
    why = renames.UNREAD[State.GONE]
    assert done["left"] == [{"source_file": file.uri, "version_id": UNVERSIONED, "reason": why}]
    move.assert_old_is_whole()
    assert land.count(f"landing.{move.old}") == 8


def test_a_file_that_is_archived_is_not_announced_and_keeps_the_old_table(move: Move) -> None:
    cold = move.desk.archive(move.old, move.files[0])
    done = move.desk.landfall("rename-dataset", move.old, move.new, "--yes", exits=1)
    assert (done["outcome"], done["sent"]) == ("left", 1)
    why = renames.UNREAD[State.OFFLINE]
    assert done["left"] == [{"source_file": cold.uri, "version_id": cold.version_id, "reason": why}]
    move.assert_old_is_whole()
    assert move.desk.land.count(f"landing.{move.new}") == 2


def test_a_file_that_lands_under_the_old_name_meanwhile_keeps_it(move: Move) -> None:
    late = move.desk.land.put(f"raw/{move.old}/late.parquet", ROWS)
    warehouse = move.desk.stack.warehouse
    contracts = declared.contracts()
    planned = renames.plan_rename(move.desk.stack, warehouse, move.old, move.new, contracts, ROOT)
    landed = renames.wait(warehouse, renames.announce(move.desk.stack, planned, 0.0), 60)
    move.desk.function.receive(late)  # of the release before, which does not know the prefix

    with pytest.raises(CatalogChangedError):
        drops.drop(warehouse, landed.drop, moves.drop_moved(move.old, move.new))
    done = renames.finish(warehouse, landed)
    assert (done.outcome, [file.file_id for file, _ in done.left]) == (renames.Outcome.LEFT, [late.file_id])
    move.assert_old_is_whole()

    assert move.desk.landfall("rename-dataset", move.old, move.new, "--yes")["outcome"] == "renamed"
    move.assert_moved(rows=6)


def test_what_was_undone_stays_out_of_the_other_table_too(move: Move) -> None:
    undone, kept = move.files
    move.desk.landfall("undo", undone.key)
    done = move.desk.landfall("rename-dataset", move.old, move.new, "--yes")
    assert (done["outcome"], done["files"], done["sent"]) == ("renamed", 1, 1)
    move.assert_moved(rows=2)

    found = move.desk.landfall("reconcile", "--dataset", move.new, "--grace", "0")
    assert (found["known"], found["sent"], found["mismatches"]) == ({"landed": 1, "undone": 1}, 0, [])
    assert [each.status for each in move.function.receive(undone, kept)] == [Status.DUPLICATE] * 2
    later = move.desk.land.put(f"raw/{move.old}/c.parquet", ROWS)
    [outcome] = move.function.receive(later)
    [newest] = move.desk.land.rows(f"select max(load_seq) as load_seq from ledger.{move.new}")
    assert (outcome.status, outcome.load_seq) == (Status.LANDED, newest["load_seq"])
    assert_load_numbers_were_given_once(move.desk.land, move.new)


def test_a_dataset_is_given_its_old_name_back_and_once_more_the_other(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, back = replace(move), replace(move, old=move.new, new=move.old)
    assert move.desk.landfall("rename-dataset", there.old, there.new, "--yes")["outcome"] == "renamed"
    undone, kept = move.files
    move.desk.landfall("undo", undone.key)
    for direction in (back, there):
        move.assign(direction.new, monkeypatch)
        planned = move.desk.landfall("rename-dataset", direction.old, direction.new, "--dry-run")
        assert planned["to_land"] == 1
        done = move.desk.landfall("rename-dataset", direction.old, direction.new, "--yes")
        assert (done["outcome"], done["sent"]) == ("renamed", 1)
        direction.assert_moved(rows=2)
        assert [each.status for each in move.function.receive(undone, kept)] == [Status.DUPLICATE] * 2
        found = move.desk.landfall("reconcile", "--dataset", direction.new, "--grace", "0")
        assert (found["known"], found["sent"], found["mismatches"]) == ({"landed": 1, "undone": 1}, 0, [])
        assert_load_numbers_were_given_once(move.desk.land, direction.new)


def test_the_files_land_under_a_name_that_was_dropped_with_them(move: Move, tmp_path: Path) -> None:
    move.function.receive(*move.files)
    dropped = drops.plan_drop(move.desk.stack.warehouse, move.new, {}, tmp_path)
    drops.drop(move.desk.stack.warehouse, dropped)
    said = CliRunner().invoke(build(), ["rename-dataset", move.old, move.new, "--dry-run"]).stderr
    assert f"lands: 2 of 2 files, in landing.{move.new} (2 of them again: they were undone there)" in said
    assert move.desk.landfall("rename-dataset", move.old, move.new, "--yes")["outcome"] == "renamed"
    move.assert_moved(rows=4)


@pytest.mark.parametrize("files", [1, 2])
@pytest.mark.parametrize("lands", ["before the undo", "after the undo", "after the drop"])
def test_an_undo_beside_a_rename_holds_under_the_other_name(move: Move, lands: str, files: int) -> None:
    undone = move.files[0]
    for other in move.files[files:]:
        move.desk.landfall("undo", other.key)
    begun = move.begin()
    move.function.receive(*move.files[1:])
    if lands == "before the undo":
        move.deliver()
    move.desk.landfall("undo", undone.key, "--dataset", move.old)
    if lands == "after the undo":
        move.deliver()

    done = renames.finish(move.desk.stack.warehouse, renames.wait(move.desk.stack.warehouse, begun, 60))

    assert done.outcome is renames.Outcome.RENAMED
    move.deliver()
    move.assert_moved(rows=2 * (files - 1))
    assert [each.status for each in move.function.receive(*move.files)] == [Status.DUPLICATE] * 2
    found = move.desk.landfall("reconcile", "--dataset", move.new, "--grace", "0")
    assert (found["known"]["undone"], found["sent"], found["mismatches"]) == (3 - files, 0, [])


def test_an_undo_between_two_runs_holds_under_the_other_name(move: Move) -> None:
    move.begin()
    move.desk.landfall("undo", move.files[0].key)
    move.deliver()
    assert move.desk.landfall("rename-dataset", move.old, move.new, "--yes")["outcome"] == "renamed"
    move.assert_moved(rows=2)


@pytest.mark.parametrize("made_by", ["this release", "an earlier release"])
@pytest.mark.parametrize("undone", [1, 2])
def test_undos_of_all_that_was_left_between_two_runs_hold_under_the_other_name(
    move: Move, undone: int, made_by: str
) -> None:
    if made_by == "an earlier release":
        move.desk.stack.warehouse.execute(f"alter table lock.{move.old} drop column dropped_seq")
    kept = move.files[undone:]
    for file in kept:
        move.desk.landfall("undo", file.key)
    move.begin()
    for file in move.files[:undone]:
        move.desk.landfall("undo", file.key, "--dataset", move.old)
    move.deliver()
    assert move.desk.landfall("rename-dataset", move.old, move.new, "--yes")["outcome"] == "renamed"
    move.assert_moved(rows=0)
    found = move.desk.landfall("reconcile", "--dataset", move.new, "--grace", "0")
    assert (found["known"], found["sent"], found["mismatches"]) == ({"undone": 2}, 0, [])


def test_what_was_moved_before_stays_where_the_last_file_of_a_name_that_was_taken_again_is_undone(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert move.desk.landfall("rename-dataset", move.old, move.new, "--yes")["outcome"] == "renamed"
    later = move.desk.land.put(f"raw/{move.old}/later.parquet", ROWS)
    move.assign(move.old, monkeypatch)
    move.function.receive(later)
    move.assign(move.new, monkeypatch)
    move.begin()
    move.desk.landfall("undo", later.key, "--dataset", move.old)
    move.deliver()
    assert move.desk.landfall("rename-dataset", move.old, move.new, "--yes")["outcome"] == "renamed"
    move.assert_moved(rows=4)


def test_what_was_undone_and_is_let_land_under_the_other_name_lands_there(move: Move) -> None:
    landed, let_land = move.files
    move.desk.landfall("undo", landed.key)
    move.desk.landfall("undo", let_land.key)
    move.begin()
    for file in move.files:
        move.desk.landfall("replay", file.key, "--undone")
    move.function.receive(landed)
    assert move.desk.landfall("rename-dataset", move.old, move.new, "--yes")["outcome"] == "renamed"
    move.deliver()
    move.assert_moved(rows=4)


def test_what_is_let_land_on_the_way_back_lands_there(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    undone = move.files[0]
    assert move.desk.landfall("rename-dataset", move.old, move.new, "--yes")["outcome"] == "renamed"
    move.desk.landfall("undo", undone.key)
    back = replace(move, old=move.new, new=move.old)
    monkeypatch.setattr(declared, "contracts", lambda: {back.new: Contract()})
    monkeypatch.setattr(move.desk.land, "contracts", declared.contracts())
    move.function = move.desk.land.function()
    back.begin()
    assert move.desk.landfall("replay", undone.key, "--undone")[0]["action"] == "restored"
    move.deliver()
    assert move.desk.landfall("rename-dataset", back.old, back.new, "--yes")["outcome"] == "renamed"
    back.assert_moved(rows=4)


def test_an_undo_under_the_other_name_meanwhile_keeps_the_old_table_until_it_is_run_again(move: Move) -> None:
    undone = move.files[0]
    begun = move.begin()
    move.deliver()
    move.desk.landfall("undo", undone.key, "--dataset", move.new)
    waited = renames.wait(move.desk.stack.warehouse, begun, 60)
    for each in (waited, renames.finish(move.desk.stack.warehouse, replace(waited, left=()))):
        assert [(file.file_id, why) for file, why in each.left] == [(undone.file_id, renames.UNDONE)]
    move.assert_old_is_whole()
    done = move.desk.landfall("rename-dataset", move.old, move.new, "--yes")
    assert (done["outcome"], done["sent"]) == ("renamed", 1)
    move.assert_moved(rows=4)


def test_what_was_moved_before_stays_where_a_dataset_of_the_old_name_is_moved_again(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert move.desk.landfall("rename-dataset", move.old, move.new, "--yes")["outcome"] == "renamed"
    later = move.desk.land.put(f"raw/{move.old}/later.parquet", ROWS)
    move.assign(move.old, monkeypatch)
    move.function.receive(later)
    move.assign(move.new, monkeypatch)
    assert move.desk.landfall("rename-dataset", move.old, move.new, "--yes")["outcome"] == "renamed"
    move.assert_moved(rows=6)


def test_it_is_refused_where_the_rules_do_not_say_so(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    for new, said in (
        (move.old, "is no other dataset's name"),
        ("Not A Name", "is no other dataset's name"),
        ("landfall_smoke", "'landfall_smoke' is the smoke test's"),
        ("elsewhere", f"2 files of {move.old} are not of elsewhere by the rules here: raw/{move.old}/a.parquet"),
    ):
        assert said in move.desk.landfall("rename-dataset", move.old, new, "--yes", exits=3)
    assert "is known" in move.desk.landfall("rename-dataset", "never_seen", move.new, "--yes", exits=3)
    assert "--yes asks nothing" in move.desk.landfall("rename-dataset", move.old, move.new, exits=3)
    monkeypatch.delenv("LANDFALL_STACK")
    assert "which stack?" in move.desk.landfall("rename-dataset", move.old, move.new, "--yes", exits=3)
    assert move.desk.messages() == []
    move.assert_old_is_whole()


@pytest.mark.parametrize(
    ("answers", "is_renamed"), [("{old}\ny\n", True), ("{old}\nn\n", False), ("{new}\ny\n", False)]
)
def test_a_person_is_told_and_asked_twice(
    move: Move, monkeypatch: pytest.MonkeyPatch, answers: str, is_renamed: bool
) -> None:
    monkeypatch.setattr(rename_dataset, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    typed = answers.format(old=move.old, new=move.new)
    done = CliRunner().invoke(build(), ["rename-dataset", move.old, move.new], input=typed)
    assert f"lands: 2 of 2 files, in landing.{move.new}" in done.stderr
    assert f"goes: landing.{move.old}, 4 rows" in done.stderr
    if is_renamed:
        assert done.exit_code == 0
        assert f"landing.{move.new} has the 2 files of {move.old}; landing.{move.old} is dropped" in done.stdout
        move.assert_moved(rows=4)
    else:
        assert (done.exit_code, move.desk.messages()) == (1, [])
        move.assert_old_is_whole()
