"""What must hold when a storm is over, however it went: nothing lost, nothing twice, all explained, every word true."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ingest_lambda.file_version import FileVersion
from tests.chaos.cluster import Life
from tests.chaos.weather import Call
from tests.land.invariants import assert_load_numbers_were_given_once


def assert_all_is_well(life: Life) -> None:
    """Hold a life that has come to rest to all that Landfall promises of landing."""
    assert_rows_are_whole(life)
    bad = [file for file, written in life.files.items() if not written.is_good]
    told = {(verdict["file"], verdict["version_id"]) for verdict in _verdicts(life)}
    for file in bad:
        assert (file.uri, file.version_id) in told or file.file_id in life.lost, "support is told"
    _assert_words(life, bad)


def assert_rows_are_whole(life: Life) -> None:
    """Each good file that exists has landed, once, with its rows; each bad one is explained; nothing is left to do."""
    assert life.queue == life.dead == [], "one replay clears what was dead"
    good = {file.file_id for file, written in life.files.items() if written.is_good}
    assert good - life.lost <= set(life.landed) <= good, "every good version that exists has landed"
    _assert_values(life)
    _assert_explained(life, [file for file in life.files if file.file_id not in good | life.lost])
    if life.landed:
        assert_load_numbers_were_given_once(life.land, life.dataset)


def _assert_values(life: Life) -> None:
    """Each number of each file that stands is in landing, once, and no other."""
    standing = {file.file_id: written.ids for file, written in life.files.items() if file.file_id in life.landed}
    expected = Counter(
        (file_id, number) for file_id, ids in standing.items() if file_id not in life.undone for number in ids
    )
    sql = f'select _file_id, id from landing."{life.dataset}"'
    found = Counter((row["_file_id"], int(row["id"])) for row in life.land.rows(sql)) if life.landed else Counter()
    assert found == expected


def _assert_explained(life: Life, bad: list[FileVersion]) -> None:
    """Each bad file is recorded with its reason, and kept with its verdict."""
    rows = life.land.rows(f"select file_id, reason from ops.rejected_files where dataset = '{life.dataset}'")
    recorded = {row["file_id"]: row["reason"] for row in rows}
    kept = life.land.keys(f"quarantine/raw/{life.dataset}/")
    for file in bad:
        assert recorded.get(file.file_id), f"{file.uri} is recorded with a reason"
        assert f"quarantine/{file.key}.{file.version_id}.verdict.json" in kept


def _assert_words(life: Life, bad: list[FileVersion]) -> None:
    """Nothing was said that was not so: of rejected files, of columns, of loads."""
    bad_versions = {(file.uri, file.version_id) for file in bad}
    for verdict in _verdicts(life):
        assert (verdict["file"], verdict["version_id"]) in bad_versions, "only bad files are called rejected"
    columns: set[str] = set()
    loads: dict[tuple[str, int], int] = {}
    if life.landed:
        columns = (
            set(life.land.rows(f'select * from landing."{life.dataset}" limit 1')[0])
            if any(life.landed.values())
            else set()
        )
        sql = (
            f'select load_id, load_seq, sum(row_count) as rows from ledger."{life.dataset}" group by load_id, load_seq'
        )
        loads = {(row["load_id"], int(row["load_seq"])): int(row["rows"]) for row in life.land.rows(sql)}
    for said in _machine_texts(life):
        if "schema_changes" in said:
            assert not columns or {change["column"] for change in said["schema_changes"]} <= columns
            assert (said["load_id"], said["load_seq"]) in loads
        elif "verdicts" not in said and "resembles" not in said:
            raise AssertionError(f"a message that nobody foresaw: {said}")
    for said in _events(life):
        assert said["rows"] <= loads[said["load_id"], said["load_seq"]], "a load is told with no more rows than it has"
    told = {(said["load_id"], said["load_seq"]) for said in _events(life)}
    if not life.lost:  # whose message comes back for nothing, and sets no mark
        assert _last(life, "update_item") >= _last(life, "insert into ledger"), "the mark is set after the last load"
    assert told <= set(loads), "only loads that are committed are told"


def _last(life: Life, what: str) -> int:
    """Find the last call of that name, or with such a statement; -1 where there was none."""
    return max((place for place, call in enumerate(life.log) if _is(call, what)), default=-1)


def _is(call: Call, what: str) -> bool:
    return call.operation == what or any(sql.startswith(what) for sql in call.request.get("Sqls", ()))


def _machine_texts(life: Life) -> Iterator[dict[str, Any]]:
    for call in life.log:
        if call.operation == "publish":
            said: dict[str, Any] = json.loads(json.loads(call.request["Message"])["sqs"])
            yield said


def _verdicts(life: Life) -> Iterator[dict[str, Any]]:
    for said in _machine_texts(life):
        yield from said.get("verdicts", ())


def _events(life: Life) -> Iterator[dict[str, Any]]:
    for call in life.log:
        if call.operation == "put_events":
            yield from (json.loads(entry["Detail"]) for entry in call.request["Entries"])
