"""`backfill`, `reconcile`, `replay`: what is announced again, what is left out, and that it lands once."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.arrive.envelopes import parse_notification
from ingest_lambda.errors import ConfigError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reconcile.mark import Mark, Marks, begin
from ingest_lambda.reconcile.restored import BUILT_PROJECT
from landfall.deploy.bootstrap import prepare_dataset
from landfall.doctor import findings, warehouse
from landfall.operate import clocks, declared, replays
from landfall.operate.statements import transactions
from local.home import ROOT
from tests.land.warehouse import new_dataset, notification, parquet
from tests.landfall.conftest import Desk
from tests.support.waiting import wait_for

TABLE = pa.table({"a": [1, 2, 3]})
BROKEN = b"no parquet at all"


def put(desk: Desk, dataset: str, *names: str) -> list[FileVersion]:
    return [desk.land.put(f"raw/{dataset}/{name}.parquet", TABLE) for name in names]


def announced(desk: Desk) -> set[str]:
    return {file.file_id for body in desk.messages() for file in parse_notification(body)}


def test_backfill_lands_what_was_there_before_the_trigger_and_again_announces_nothing(desk: Desk) -> None:
    dataset = new_dataset()
    (known,) = put(desk, dataset, "known")
    desk.function.receive(known)
    files = put(desk, dataset, "year=2024/a", "year=2025/it's b", "year=2025/it's b")
    desk.land.put(f"raw/{dataset}/_SUCCESS", b"x")

    planned = desk.landfall("backfill", f"raw/{dataset}/", "--dry-run")
    assert (planned["listed"], planned["sent"], len(planned["missing"])) == (5, 0, 3)
    assert desk.messages() == []

    done = desk.landfall("backfill", f"s3://{desk.land.bucket}/raw/{dataset}/", "--rate", "0")
    assert done == {**planned, "sent": 3}
    assert {(each["source_file"], each["version_id"]) for each in done["missing"]} == {
        (file.uri, file.version_id) for file in files
    }
    assert (done["known"], done["passed_over"]) == ({"landed": 1}, {"no data file": 1})
    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED] * 3
    assert desk.land.count(f"landing.{dataset}") == 12

    again = desk.landfall("backfill", f"raw/{dataset}/")
    assert (again["sent"], again["known"]) == (0, {"landed": 4})
    assert desk.messages() == []
    assert "0 files announced" in desk.say("backfill", f"raw/{dataset}/")


def test_backfill_of_one_dataset_leaves_the_others(desk: Desk) -> None:
    one, other = new_dataset(), new_dataset()
    files = [*put(desk, one, "a"), *put(desk, other, "a")]
    done = desk.landfall("backfill", "raw/ds_", "--dataset", one, "--rate", "0")
    assert announced(desk) == {files[0].file_id}
    assert done["passed_over"]["of another dataset"] >= 1


@pytest.mark.parametrize("prefix", ["quarantine/", "s3://another-bucket/raw/"])
def test_backfill_refuses_what_landing_cannot_read(desk: Desk, prefix: str) -> None:
    assert "copy the files" in desk.landfall("backfill", prefix, exits=3)
    assert desk.messages() == []


def test_reconcile_finds_a_lost_file_announces_it_and_tells_rows_that_do_not_match(desk: Desk) -> None:
    dataset = new_dataset()
    whole, short = put(desk, dataset, "whole", "short")
    desk.function.receive(whole, short)
    assert desk.landfall("reconcile", "--dataset", dataset, "--grace", "0")["mismatches"] == []
    (lost,) = put(desk, dataset, "lost")

    assert desk.landfall("reconcile", "--dataset", dataset)["passed_over"]["stored just now"] >= 1
    found = desk.landfall("reconcile", "--dataset", dataset, "--grace", "0", "--no-repair", exits=1)
    assert [each["source_file"] for each in found["missing"]] == [lost.uri]
    assert (found["sent"], announced(desk)) == (0, set())
    assert desk.landfall("reconcile", "--dataset", dataset, "--grace", "0")["sent"] == 1
    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED]
    assert desk.landfall("reconcile", "--dataset", dataset, "--grace", "0", "--no-repair")["missing"] == []

    desk.land.rows(f"delete from landing.{dataset} where _file_id = '{short.file_id}' and a > 1")  # noqa: S608 - our names
    said = desk.landfall("reconcile", "--dataset", dataset, exits=3)
    (mismatch,) = said["mismatches"]
    assert (mismatch["source_file"], mismatch["expected"], mismatch["found"]) == (short.uri, 3, 1)

    # the way out that it names
    desk.landfall("undo", short.uri)
    assert desk.landfall("replay", short.uri, exits=1)[0]["action"] == "undone"
    assert desk.landfall("replay", short.uri, "--undone")[0]["action"] == "restored"
    desk.deliver()
    assert desk.landfall("reconcile", "--dataset", dataset, "--grace", "0", "--no-repair")["mismatches"] == []
    assert desk.land.count(f"landing.{dataset}") == 9


def test_rows_of_an_undone_file_that_somebody_has_put_back_leave_by_the_undo_that_is_named(desk: Desk) -> None:
    dataset = new_dataset()
    (file,) = put(desk, dataset, "a")
    desk.function.receive(file)
    desk.landfall("undo", file.key)
    put_back = f"insert into landing.{dataset} (a, _file_id, _load_seq) select 1, '{file.file_id}', 1"
    desk.land.warehouse.transaction([put_back])

    (mismatch,) = desk.landfall("reconcile", "--dataset", dataset, exits=3)["mismatches"]
    assert (mismatch["expected"], mismatch["found"], mismatch["is_undone"]) == (0, 1, True)
    said = desk.say("reconcile", "--dataset", dataset)
    assert "0 rows expected, as it was undone, 1 found" in said
    assert "of a file that was undone, the undo alone" in said

    assert desk.landfall("undo", file.uri, "--version", file.version_id)["rows"] == 1
    assert desk.landfall("reconcile", "--dataset", dataset)["mismatches"] == []
    assert desk.land.count(f"landing.{dataset}") == 0


def test_a_rejected_file_lands_by_replay_after_the_fix_and_counts_as_resolved(desk: Desk) -> None:
    dataset = new_dataset()
    (first,) = put(desk, dataset, "first")
    desk.function.receive(first)
    text = desk.land.put(f"raw/{dataset}/text.parquet", pa.table({"a": ["x"]}))
    broken = desk.land.put(f"raw/{dataset}/broken.parquet", BROKEN)
    gone = desk.land.put(f"raw/{dataset}/gone.parquet", BROKEN)
    assert [outcome.status for outcome in desk.function.receive(text, broken, gone)] == [Status.REJECTED] * 3
    desk.land.client("s3").delete_object(Bucket=gone.bucket, Key=gone.key, VersionId=gone.version_id)
    reason = "incompatible_type"
    assert history(desk, dataset, "rejected") == {text.uri, broken.uri, gone.uri}
    assert rejected_count(desk, dataset) == 3

    # The fix: another type in landing.
    desk.land.warehouse.transaction(
        [f"alter table landing.{dataset} add column b varchar(max)", f"alter table landing.{dataset} drop column a"]
    )
    desk.land.warehouse.transaction([f"alter table landing.{dataset} rename column b to a"])
    (sent,) = desk.landfall("replay", "--rejected", "--dataset", dataset, "--reason", reason)
    assert (sent["source_file"], sent["action"], sent["reason"]) == (text.uri, "sent", None)
    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED]
    assert history(desk, dataset, "rejected") == {broken.uri, gone.uri}
    assert history(desk, dataset, "resolved") == {text.uri}
    assert rejected_count(desk, dataset) == 2

    rest = desk.landfall("replay", "--rejected", "--dataset", dataset)
    assert {each["source_file"]: each["action"] for each in rest} == {broken.uri: "sent", gone.uri: "gone"}
    assert [outcome.status for outcome in desk.deliver()] == [Status.REJECTED]
    assert desk.land.count(f"landing.{dataset}") == 4


def history(desk: Desk, dataset: str, outcome: str) -> set[str]:
    lines = desk.landfall("history", "--dataset", dataset, "--outcome", outcome)
    assert {line["outcome"] for line in lines} <= {outcome}
    return {line["source_file"] for line in lines}


def rejected_count(desk: Desk, dataset: str) -> int:
    from landfall.operate import files

    (total,) = files.totals(desk.stack.warehouse, dataset)
    return total.files_rejected


def test_replay_of_a_key_announces_what_has_not_landed(desk: Desk) -> None:
    dataset = new_dataset()
    first, second = put(desk, dataset, "a", "a")
    desk.function.receive(first)
    done = desk.landfall("replay", first.key)
    assert {each["version_id"]: each["action"] for each in done} == {
        first.version_id: "landed",
        second.version_id: "sent",
    }
    assert announced(desk) == {second.file_id}
    (chosen,) = desk.landfall("replay", first.uri, "--version", first.version_id)
    assert chosen["action"] == "landed"
    assert announced(desk) == set()


def undo(desk: Desk, dataset: str, *files: FileVersion) -> None:
    for file in files:
        desk.land.warehouse.transaction(transactions.undo_file(dataset, file.file_id))


def ledger_of(desk: Desk, dataset: str) -> list[dict[str, object]]:
    columns = "file_id, version_id, load_seq, undone_at, row_count"
    return desk.land.rows(f"select {columns} from ledger.{dataset} order by load_seq, version_id")  # noqa: S608 - our names


def times_of(desk: Desk, dataset: str) -> dict[str, object]:
    sql = f"select distinct _file_id, _file_modified_at from landing.{dataset}"  # noqa: S608 - our names
    return {row["_file_id"]: row["_file_modified_at"] for row in desk.land.rows(sql)}


def test_an_undone_file_stays_out_until_it_is_asked_for_and_then_lands_once_as_what_it_was(desk: Desk) -> None:
    dataset = new_dataset()
    old, new = put(desk, dataset, "a", "a")
    desk.function.receive(old, new)
    times = times_of(desk, dataset)
    undo(desk, dataset, old)
    left, _ = sorted(desk.landfall("replay", old.key, exits=1), key=lambda each: each["version_id"] != old.version_id)
    assert (left["action"], "--undone" in left["reason"]) == ("undone", True)
    assert desk.messages() == []
    [debt] = [row for row in ledger_of(desk, dataset) if row["undone_at"]]
    intruder = f"insert into landing.{dataset} (a, _file_id) values (7, '{old.file_id}')"  # noqa: S608 - our names
    desk.land.warehouse.execute(intruder)

    done = desk.landfall("replay", old.key, "--undone")
    assert {each["version_id"]: each["action"] for each in done} == {
        old.version_id: "restored",
        new.version_id: "landed",
    }
    (outcome,) = desk.deliver()
    assert (outcome.status, outcome.file.version_id) == (Status.LANDED, old.version_id)
    assert times_of(desk, dataset) == times, "it has its place in the order, though it landed last"
    assert desk.land.count(f"landing.{dataset}") == 6
    [owed] = [row for row in ledger_of(desk, dataset) if row["undone_at"]]
    assert owed == {**debt, "file_id": owed["file_id"]}, "what models made of it is to be rebuilt all the same"
    assert owed["file_id"] not in times
    assert [each.status for each in desk.land.function().receive(old)] == [Status.DUPLICATE]
    assert desk.landfall("reconcile", "--dataset", dataset, "--grace", "0")["mismatches"] == []
    assert desk.landfall("undo", old.key, "--version", old.version_id)["rows"] == 3


def test_of_several_undone_versions_the_newest_lands_again_unless_one_is_named(desk: Desk) -> None:
    dataset = new_dataset()
    first, second = put(desk, dataset, "a", "a")
    desk.function.receive(first, second)
    undo(desk, dataset, first, second)
    done = desk.landfall("replay", first.key, "--undone")
    assert {each["version_id"]: each["action"] for each in done} == {
        first.version_id: "undone",
        second.version_id: "restored",
    }
    assert [each.file.version_id for each in desk.deliver()] == [second.version_id]
    (chosen,) = desk.landfall("replay", first.key, "--version", first.version_id, "--undone")
    assert chosen["action"] == "restored"
    assert [each.file.version_id for each in desk.deliver()] == [first.version_id]
    assert desk.land.count(f"landing.{dataset}") == 6


def test_what_was_undone_and_is_archived_or_gone_stays_undone_and_is_named(desk: Desk) -> None:
    dataset = new_dataset()
    cold, gone = put(desk, dataset, "cold", "gone")
    desk.function.receive(cold, gone)
    cold = desk.archive(dataset, cold)
    undo(desk, dataset, cold, gone)
    desk.stack.s3.delete_object(Bucket=gone.bucket, Key=gone.key, VersionId=gone.version_id)
    before = ledger_of(desk, dataset)
    (left,) = desk.landfall("replay", cold.key, "--undone", exits=1)
    assert (left["action"], "restore it in S3" in left["reason"]) == ("archived", True)
    said = desk.landfall("replay", gone.key, "--version", gone.version_id, "--undone", exits=3)
    assert "comes back by an upload alone" in said
    assert (ledger_of(desk, dataset), desk.messages()) == (before, [])


def test_dead_letters_go_back_to_the_landing_queue_and_land(desk: Desk) -> None:
    dataset = new_dataset()
    files = put(desk, dataset, *"abcdefghijkl")
    url = desk.stack.output("DeadLetterQueueUrl")
    bodies = [notification([file]) for file in files]
    bodies[0] = json.dumps({"Type": "Notification", "Message": bodies[0]})
    bodies.append(json.dumps({"source": "aws.s3", "detail-type": "Object Deleted", "detail": {}}))
    for body in [*bodies, "not an event"]:
        desk.stack.sqs.send_message(QueueUrl=url, MessageBody=body)
    moved = desk.landfall("replay", "--dlq", "--rate", "0")
    assert (moved["messages"], moved["malformed"], moved["dropped"]) == (13, 1, 0)
    assert moved["bodies"] == ["not an event"]
    assert {(each["source_file"], each["action"], each["outcome"]) for each in moved["files"]} == {
        (file.uri, "sent", None) for file in files
    }
    assert "EventBridge's" in moved["why"][0]
    assert sorted(desk.messages()) == sorted(bodies)
    said = desk.say("replay", "--dlq")
    assert "1 messages announce no file, and stay on the dead-letter queue" in said
    assert "'not an event'" in said
    assert desk.messages("DeadLetterQueueUrl") == ["not an event"]
    assert desk.messages() == []
    nothing = {"messages": 0, "malformed": 0, "dropped": 0, "why": [], "bodies": [], "files": []}
    assert desk.landfall("replay", "--dlq") == nothing


def test_malformed_messages_alone_are_dropped_when_somebody_says_so(desk: Desk) -> None:
    url, dataset = desk.stack.output("DeadLetterQueueUrl"), new_dataset()
    (file,) = put(desk, dataset, "a")
    malformed = [f"not an event {number}" for number in range(25)]
    for body in [*malformed[:12], notification([file]), *malformed[12:]]:
        desk.stack.sqs.send_message(QueueUrl=url, MessageBody=body)
    assert "are deleted" not in desk.say("replay", "--dlq", "--rate", "0")
    moved = desk.landfall("replay", "--dlq", "--drop-malformed")
    assert (moved["messages"], moved["malformed"], moved["dropped"]) == (0, 25, 25)
    assert len(moved["bodies"]) == 10
    assert desk.messages("DeadLetterQueueUrl") == []
    assert desk.messages() == [notification([file])]
    assert "--drop-malformed goes with --dlq" in desk.landfall("replay", "--rejected", "--drop-malformed", exits=2)


@pytest.mark.parametrize(
    ("arguments", "exits", "said"),
    [
        (["raw/nothing/x.parquet"], 3, "is not in the bucket"),
        ([], 2, "only one of them"),
        (["raw/a/x.parquet", "--dlq"], 2, "only one of them"),
        (["--dlq", "--dataset", "a"], 2, "goes with --rejected and --without-positions"),
        (["--rejected", "--undone"], 2, "go with a KEY"),
    ],
)
def test_what_cannot_be_replayed_is_refused_clearly(desk: Desk, arguments: list[str], exits: int, said: str) -> None:
    assert said in " ".join(desk.landfall("replay", *arguments, exits=exits).replace("│", " ").split())
    assert desk.messages() == []


def test_files_from_before_the_declaration_of_changes_are_told_and_land_anew_with_their_positions(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, other = new_dataset(), new_dataset()
    files = put(desk, dataset, "a", "b", "gone")
    put(desk, other, "a")
    desk.function.receive(*files)
    feed = parse_contract({"columns": [{"name": "a", "data_type": "bigint"}], "changes": {"sequence": ["a"]}})
    monkeypatch.setattr(declared, "contracts", lambda: {dataset: feed, other: Contract()})
    desk.land.contracts[dataset] = feed
    numbered = desk.land.put(f"raw/{dataset}/numbered.parquet", TABLE)
    desk.function.receive(numbered)
    gone = files[-1]
    desk.land.client("s3").delete_object(Bucket=gone.bucket, Key=gone.key, VersionId=gone.version_id)
    sql = f"select _file_id, _row_number, a from landing.{dataset} where _file_id <> '{gone.file_id}'"  # noqa: S608 - our names

    (finding,) = warehouse.rows_have_their_positions(desk.stack)
    assert (finding.status, finding.detail[:7]) == (findings.Status.WARNING, "3 files")
    assert finding.remedy == f"landfall replay --without-positions --dataset {dataset}"
    done = desk.landfall("replay", "--without-positions", "--dataset", dataset)
    assert {(each["source_file"], each["action"]) for each in done} == {
        *((file.uri, "sent") for file in files[:2]),
        (gone.uri, "gone"),
    }
    assert {row["_file_id"] for row in desk.land.rows(sql)} == {numbered.file_id}

    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED] * 2
    assert sorted((row["_file_id"], row["_row_number"], row["a"]) for row in desk.land.rows(sql)) == sorted(
        (file.file_id, number, number) for file in (*files[:2], numbered) for number in (1, 2, 3)
    )
    again = desk.landfall("replay", "--without-positions")
    assert [(each["source_file"], each["action"]) for each in again] == [(gone.uri, "gone")]
    assert desk.messages() == []


def test_files_of_which_one_kind_alone_could_land_again_stay_where_they_are(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = new_dataset()
    at, both = datetime(2026, 3, 1, 12), {"wall_clocks": {"at": "UTC"}}
    desk.land.contracts[dataset] = parse_contract(both)  # as a release that knew nothing of clocks has landed them
    types = {"wall": pa.timestamp("us"), "instant": pa.timestamp("us", "UTC")}
    tables = {name: pa.table({"a": [1], "at": pa.array([at], type_)}) for name, type_ in types.items()}
    files = [desk.land.put(f"raw/{dataset}/{name}.parquet", table) for name, table in tables.items()]
    assert [outcome.status for outcome in desk.function.receive(*files)] == [Status.LANDED] * 2
    said = {"columns": [{"name": "a", "data_type": "bigint"}], "changes": {"sequence": ["a"]}}
    desk.land.contracts[dataset] = feed = parse_contract(said)
    prepare_dataset(desk.stack.warehouse, dataset, feed)
    monkeypatch.setattr(declared, "contracts", lambda: {dataset: feed})

    with pytest.raises(ConfigError) as refused:
        replays.replay_without_positions(desk.stack, dataset, 0.0)
    for word in (files[0].key, files[1].key, "wall_clocks: {at: UTC}", "nothing was taken out"):
        assert word in str(refused.value)
    assert len(desk.land.rows(f"select a from landing.{dataset}")) == 2  # noqa: S608 - our names

    declaring = parse_contract({**said, **both})
    monkeypatch.setattr(declared, "contracts", lambda: {dataset: declaring})
    assert [each.action for each in replays.replay_without_positions(desk.stack, dataset, 0.0)] == [replays.SENT] * 2


def test_texts_of_which_one_kind_alone_could_land_again_stay_where_they_are(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = new_dataset()
    types = {"a": "bigint", "at": "timestamp"}
    said = {"formats": ["csv"], "columns": [{"name": name, "data_type": type_} for name, type_ in types.items()]}
    desk.land.contracts[dataset] = parse_contract({**said, "wall_clocks": {"at": "UTC"}})
    texts = {"wall": b"A,At\n1,2026-03-01 12:00:00\n", "instant": b"A,At\n2,2026-03-01T12:00:00Z\n"}
    files = [desk.land.put(f"raw/{dataset}/{name}.csv", text) for name, text in texts.items()]
    assert [outcome.status for outcome in desk.land.function().receive(*files)] == [Status.LANDED] * 2
    desk.land.contracts[dataset] = feed = parse_contract({**said, "changes": {"sequence": ["a"]}})
    prepare_dataset(desk.stack.warehouse, dataset, feed)
    monkeypatch.setattr(declared, "contracts", lambda: {dataset: feed})

    with pytest.raises(ConfigError) as refused:
        replays.replay_without_positions(desk.stack, dataset, 0.0)
    for word in (files[0].key, files[1].key, "wall_clocks: {at: UTC}", "nothing was taken out"):
        assert word in str(refused.value)
    assert desk.land.count(f"landing.{dataset}") == 2


def test_an_undo_beside_a_replay_for_positions_holds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = new_dataset()
    undone, kept = put(desk, dataset, "a", "b")
    desk.function.receive(undone, kept)
    feed = parse_contract({"columns": [{"name": "a", "data_type": "bigint"}], "changes": {"sequence": ["a"]}})
    desk.land.contracts[dataset] = feed
    prepare_dataset(desk.stack.warehouse, dataset, feed)
    monkeypatch.setattr(declared, "contracts", lambda: {dataset: feed})
    monkeypatch.setattr(clocks, "require_one_kind", lambda *_: desk.landfall("undo", undone.key))

    done = desk.landfall("replay", "--without-positions", "--dataset", dataset)

    assert {each["source_file"]: each["action"] for each in done} == {undone.uri: "undone", kept.uri: "sent"}
    assert [(each.file.key, each.status) for each in desk.deliver()] == [(kept.key, Status.LANDED)]
    assert desk.function.receive(undone)[0].status is Status.DUPLICATE
    assert desk.land.count(f"landing.{dataset}") == 3

    put_back = f"insert into landing.{dataset} (a, _file_id, _load_seq) select 1, '{undone.file_id}', 1"
    desk.land.warehouse.transaction([put_back])
    assert desk.landfall("replay", "--without-positions", "--dataset", dataset) == []
    assert desk.messages() == []


def test_what_could_not_come_back_keeps_its_rows_and_is_named_with_a_remedy(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, other = new_dataset(), new_dataset()
    cold, moved, fine = put(desk, dataset, "cold", "2024/01/02/moved", "fine")
    desk.function.receive(cold, moved, fine)
    cold = desk.archive(dataset, cold)
    feed = parse_contract({"columns": [{"name": "a", "data_type": "bigint"}], "changes": {"sequence": ["a"]}})
    desk.land.contracts[dataset] = feed
    prepare_dataset(desk.stack.warehouse, dataset, feed)
    theirs = Contract(prefixes=(f"raw/{dataset}/2024/",))
    monkeypatch.setattr(declared, "contracts", lambda: {dataset: feed, other: theirs})

    done = desk.landfall("replay", "--without-positions", "--dataset", dataset)
    assert {each["source_file"]: each["action"] for each in done} == {
        cold.uri: "archived",
        moved.uri: "elsewhere",
        fine.uri: "sent",
    }
    assert all(("then try again" in each["reason"]) == (each["action"] != "sent") for each in done if each["reason"])
    for place in (f"landing.{dataset}", f"ledger.{dataset}"):
        column = "_file_id" if place.startswith("landing") else "file_id"
        rows = desk.land.rows(f"select distinct {column} as file_id from {place}")  # noqa: S608 - our names
        assert {row["file_id"] for row in rows} == {cold.file_id, moved.file_id}, f"{place} lost no other's rows"
    assert [(outcome.file.key, outcome.status) for outcome in desk.deliver()] == [(fine.key, Status.LANDED)]
    assert desk.land.count(f"landing.{dataset}") == 9
    assert desk.land.count(f"landing.{other}") == 0


def test_a_rejected_file_that_is_archived_is_named_and_not_announced(desk: Desk) -> None:
    dataset = new_dataset()
    stored = desk.stack.s3.put_object(
        Bucket=desk.land.bucket, Key=f"raw/{dataset}/cold.parquet", Body=BROKEN, StorageClass="DEEP_ARCHIVE"
    )
    cold = FileVersion(desk.land.bucket, f"raw/{dataset}/cold.parquet", stored["VersionId"])
    facts = (cold.file_id, dataset, cold.bucket, cold.key, cold.version_id, "x", "2026-01-01")
    columns = 'file_id, dataset, bucket, "key", version_id, reason, rejected_at'
    desk.land.warehouse.execute(f"insert into ops.rejected_files ({columns}) values {facts}")  # noqa: S608 - our names
    (left,) = desk.landfall("replay", "--rejected", "--dataset", dataset)
    assert (left["action"], "restore it" in left["reason"]) == ("archived", True)
    assert desk.messages() == []


@pytest.mark.parametrize("command", ["reconcile", "backfill"])
def test_what_is_archived_is_announced_once_it_is_restored_and_lands(desk: Desk, command: str) -> None:
    dataset = new_dataset()
    key, body = f"raw/{dataset}/cold.parquet", parquet(TABLE)
    desk.stack.s3.put_object(Bucket=desk.land.bucket, Key=key, Body=body, StorageClass="GLACIER")
    asked = {
        "reconcile": ["reconcile", "--dataset", dataset, "--grace", "0"],
        "backfill": ["backfill", f"raw/{dataset}/", "--rate", "0"],
    }[command]
    open_ends = 1 if command == "reconcile" else 0  # its exit code
    left = desk.landfall(*asked, exits=open_ends)
    assert (left["sent"], [each["dataset"] for each in left["archived"]], desk.messages()) == (0, [dataset], [])

    desk.stack.s3.restore_object(Bucket=desk.land.bucket, Key=key, RestoreRequest={"Days": 2})
    being = desk.landfall(*asked, exits=open_ends)
    assert (being["sent"], len(being["archived"])) == (0, 1), "it is not there before the restore has ended"
    wait_for(lambda: "expiry" in desk.stack.s3.head_object(Bucket=desk.land.bucket, Key=key)["Restore"], "the restore")
    done = desk.landfall(*asked)
    assert (done["sent"], done["archived"]) == (1, [])
    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED]
    assert desk.land.count(f"landing.{dataset}") == 3


@pytest.mark.parametrize("transactions", [1, 2, 3], ids="after {} of 3 transactions".format)
def test_a_replay_for_positions_that_is_killed_loses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, transactions: int
) -> None:
    dataset = new_dataset()
    files = put(desk, dataset, "a", "b", "c")
    desk.function.receive(*files)
    contract = {"columns": [{"name": "a", "data_type": "bigint"}], "changes": {"sequence": ["a"]}}
    feed = parse_contract(contract)
    desk.land.contracts[dataset] = feed
    prepare_dataset(desk.stack.warehouse, dataset, feed)

    asked = {"outputs": desk.stack.outputs, "dataset": dataset, "contract": contract, "transactions": transactions}
    replay = [sys.executable, "-m", "tests.landfall.killed_replay", json.dumps(asked)]
    killed = subprocess.run(replay, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert desk.messages() == [], "it died before it announced anything"
    assert desk.land.count(f"landing.{dataset}") == 3 * (3 - transactions)
    assert desk.land.count(f"ledger.{dataset}") == 3 - transactions

    reconciled = desk.landfall("reconcile", "--dataset", dataset, "--grace", "0")
    assert (reconciled["sent"], reconciled["mismatches"]) == (transactions, [])
    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED] * transactions
    monkeypatch.setattr(declared, "contracts", lambda: {dataset: feed})
    again = desk.landfall("replay", "--without-positions", "--dataset", dataset)
    assert [each["action"] for each in again] == ["sent"] * (3 - transactions)
    desk.deliver()
    rows = desk.land.rows(f"select _file_id, _row_number, a from landing.{dataset}")  # noqa: S608 - our names
    assert sorted((row["_file_id"], row["_row_number"], row["a"]) for row in rows) == sorted(
        (file.file_id, number, number) for file in files for number in (1, 2, 3)
    )


@pytest.fixture
def marks(desk: Desk) -> Iterator[Marks]:
    """The nights' mark of the worker's deployment, which no other test finds."""
    yield desk.stack.reconcile_marks
    desk.stack.reconcile_marks.dynamodb.delete_item(
        TableName=desk.stack.output("LeaseTableName"), Key={"lease_id": {"S": "reconcile"}}
    )


@pytest.mark.parametrize("is_held", [True, False])
def test_a_restored_warehouse_is_noticed_by_the_command_too_and_built_whole_once(
    desk: Desk, marks: Marks, is_held: bool
) -> None:
    epoch, dataset = uuid4().hex, new_dataset()
    put(desk, dataset, "a")
    mark = Mark(epoch, datetime.now(UTC), whole_at=datetime.now(UTC))
    marks.write(mark)
    if is_held:
        begin(desk.stack.warehouse, epoch)
    desk.stack.s3.put_object(Bucket=desk.stack.bucket, Key=BUILT_PROJECT, Body=b"{}")

    looked = desk.landfall("reconcile", "--dataset", dataset, "--no-repair")
    assert looked["restored"] is not is_held
    assert marks.read() == mark, "nothing is repaired"
    assert desk.land.keys(BUILT_PROJECT) == {BUILT_PROJECT}

    assert desk.landfall("reconcile", "--dataset", dataset, "--grace", "0")["restored"] is not is_held
    assert desk.land.keys(BUILT_PROJECT) == ({BUILT_PROJECT} if is_held else set())
    kept = marks.read()
    assert kept is not None
    assert (kept.epoch == epoch, kept.whole_at is not None) == (is_held, is_held), "the next night compares all"
    assert not desk.landfall("reconcile", "--dataset", dataset)["restored"]
    desk.messages()
