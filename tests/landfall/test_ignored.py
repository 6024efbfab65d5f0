"""Whatever is ignored can be found, with its reason: `history --ignored`, `reconcile`, `upload`."""

from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.arrive.routing import Kind, Rules
from ingest_lambda.load.outcomes import Status
from landfall.operate import declared
from tests.land.warehouse import new_dataset, parquet
from tests.landfall.conftest import Desk

TABLE = pa.table({"a": [1, 2, 3]})


def test_what_is_ignored_is_listed_with_its_reason_and_nothing_of_it_is_in_the_warehouse(desk: Desk) -> None:
    dataset = new_dataset("ignored")
    landed, rejected = desk.land.put(f"raw/{dataset}/a", TABLE), desk.land.put(f"raw/{dataset}/b.parquet", b"x")
    expected = {
        f"raw/{dataset}/": Kind.FOLDER_MARKER,
        f"raw/{dataset}/_SUCCESS": Kind.WRITERS_OWN,
        f"raw/{dataset}/_temporary/0/a.parquet": Kind.WRITERS_OWN,
        f"raw/{dataset}/a.csv": Kind.UNDECLARED_FORMAT,
        f"raw/{dataset}/a.txt": Kind.OTHER_FORMAT,
    }
    files = [desk.land.put(key, b"hello") for key in [*expected, f"raw/{dataset}/readme"]]
    foreign = desk.land.put(f"raw/My {dataset}/a.parquet", TABLE)
    statuses = [outcome.status for outcome in desk.function.receive(landed, rejected, *files, foreign)]
    assert statuses == [Status.LANDED, Status.REJECTED, *[Status.IGNORED] * 7]

    found = {line["source_file"]: line for line in desk.landfall("history", "--ignored", "--dataset", dataset)}

    assert found.keys() == {file.uri for file in files}
    for key, kind in expected.items():
        assert found[f"s3://{desk.land.bucket}/{key}"]["kind"] == kind
    assert "formats: [csv]" in found[files[3].uri]["reason"]
    assert "bytes" in found[files[-1].uri]["reason"]
    assert {line["version_id"] for line in found.values()} == {file.version_id for file in files}
    everything = {line["source_file"]: line for line in desk.landfall("history", "--ignored")}
    assert everything[foreign.uri]["dataset"] is None
    assert "no dataset name" in everything[foreign.uri]["reason"]
    assert desk.landfall("history", "--ignored", "--limit", "1")[0] in everything.values()
    lines = desk.landfall("history", "--dataset", dataset)
    assert {line["source_file"] for line in lines} == {landed.uri, rejected.uri}
    assert "ignored files" in desk.say("history", "--ignored", "--dataset", dataset)
    assert "have no --outcome" in desk.landfall("history", "--ignored", "--outcome", "landed", exits=2)


def test_a_key_that_the_pattern_does_not_match_is_found_with_that_reason(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(desk.stack.outputs, "RoutePattern", r"^raw/in/(?P<dataset>[a-z_0-9]+)/")
    outside = desk.land.put(f"raw/{new_dataset()}/a.parquet", TABLE)

    [line] = [each for each in desk.landfall("history", "--ignored") if each["source_file"] == outside.uri]

    assert line["reason"] == "the key does not match the routing pattern"


def test_reconcile_names_what_is_ignored_and_announces_what_only_reading_can_tell(desk: Desk) -> None:
    dataset = new_dataset("ignored")
    own = desk.land.put(f"raw/{dataset}/_temporary/a.parquet", TABLE)
    lost, notes = desk.land.put(f"raw/{dataset}/part-00000", TABLE), desk.land.put(f"raw/{dataset}/notes", b"hello")

    looked = desk.landfall("reconcile", "--dataset", dataset, "--grace", "0", "--no-repair")
    assert (looked["missing"], looked["sent"]) == ([], 0)
    assert {each["source_file"] for each in looked["unread"]} == {lost.uri, notes.uri}
    assert looked["ignored"] == {Kind.WRITERS_OWN: 1}
    [passed] = looked["ignored_files"]
    assert (passed["source_file"], passed["dataset"]) == (own.uri, dataset)
    assert "_temporary" in passed["reason"]
    assert desk.messages() == []

    assert desk.landfall("reconcile", "--dataset", dataset, "--grace", "0")["sent"] == 2
    outcomes = {outcome.file.file_id: outcome.status for outcome in desk.deliver()}
    assert outcomes == {lost.file_id: Status.LANDED, notes.file_id: Status.IGNORED}
    assert desk.land.count(f"landing.{dataset}") == 3

    said = desk.say("reconcile", "--dataset", dataset, "--grace", "0")
    assert f"ignored: {own.uri}: '_temporary' is its writer's own" in said.replace("\n", "")
    assert "1 files whose names do not say what they are announced" in said.replace("\n", " ")
    desk.messages()


def test_backfill_lands_parquet_whose_name_says_nothing(desk: Desk) -> None:
    dataset = new_dataset("ignored")
    desk.land.put(f"raw/{dataset}/000000_0", TABLE)

    assert desk.landfall("backfill", f"raw/{dataset}/", "--rate", "0")["sent"] == 1
    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED]
    assert desk.landfall("backfill", f"raw/{dataset}/", "--rate", "0")["sent"] == 0


def test_an_upload_that_would_be_ignored_says_so_and_is_no_success(desk: Desk, tmp_path: Path) -> None:
    dataset = new_dataset("ignored")
    names = {"a.csv": b"a\n1\n", "_x.parquet": parquet(TABLE), "notes": b"hello"}
    for name, content in names.items():
        path = tmp_path / name
        path.write_bytes(content)
        [done] = desk.landfall("upload", str(path), "--dataset", dataset, "--wait", exits=1)
        assert done["outcome"] == "ignored"
        assert done["reason"]


def test_the_command_line_goes_by_the_rules_of_the_source_yaml(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    schema, table = new_dataset("shop"), new_dataset("orders")
    file = desk.land.put(f"raw/{schema}/orders/a.parquet", TABLE)
    monkeypatch.setattr(declared, "rules", lambda _: Rules(prefixes={f"raw/{schema}/orders/": table}))

    found = desk.landfall("backfill", f"raw/{schema}/", "--dry-run")

    assert [(each["source_file"], each["dataset"]) for each in found["missing"]] == [(file.uri, table)]
