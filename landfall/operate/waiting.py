"""OPERATE: files that are tried again. In: a stack. Out: a line each, with the words of the last error.

The function notes them in the bucket (`ingest_lambda.tell.waiting`); what has landed or been rejected since waits no
more, whatever is still noted of it. What was rejected before, or has landed and its rows were removed, waits: it was
announced again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ingest_lambda.same_object import unversioned_etags
from ingest_lambda.tell.waiting import PREFIX, Waiting, read_waiting
from landfall.operate import declared, files
from landfall.operate.files import FileLine
from landfall.timestamps import seconds, spell_iso

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectTypeDef

    from landfall.stack import Stack

MOST_NOTES = 1_000  # that are read, the newest; an outage may leave as many as there are files
MOST_TRIES = 12  # `maxReceiveCount` of the landing queue
OVERDUE = timedelta(hours=1)
MOST_ASKED = 10  # files whose notes are looked for one by one


def still_waiting(stack: "Stack", wanted: str | None = None) -> list[Waiting]:
    """List the files that are noted, and have not landed or been rejected since, the last tried first.

    One may have landed in another dataset since, which its key is of by the rules of today.
    """
    noted = [each for each in _notes(stack) if wanted in (None, each.dataset)]
    if not noted:
        return []
    rules = declared.rules(stack.route_pattern)
    ids: dict[str, list[str]] = defaultdict(list)
    for each in noted:
        for dataset in {each.dataset, declared.dataset_of(each.file.key, rules) or each.dataset}:
            ids[dataset].append(each.file.file_id)
    settled = files.settled_at(stack.warehouse, ids, unversioned_etags(each.file for each in noted))
    left = [each for each in noted if not _is_settled(each, settled.get(each.file.file_id))]
    return sorted(left, key=lambda each: each.tried_at, reverse=True)


def _is_settled(waiting: Waiting, at: datetime | None) -> bool:
    """Tell whether a file was settled after its last try, which is noted to the second: of one, the try was later."""
    return at is not None and at.replace(microsecond=0) > datetime.fromisoformat(waiting.tried_at)


def noted(stack: "Stack", file_ids: Iterable[str]) -> list[Waiting]:
    """Read the notes of some files, of the first ten at most; those that have not failed have none."""
    asked = list(file_ids)[:MOST_ASKED]
    return [note for file_id in asked for note in _read(stack, _listed(stack, f"{PREFIX}{file_id}"))]


def news(
    stack: "Stack", file_ids: Iterable[str], known: dict[str, str], since: datetime | None = None
) -> Iterator[tuple[str, str]]:
    """Yield, by file, the tries that failed since the last look, in words; `known` keeps what was told.

    `since`: what failed before is no news.
    """
    for note in noted(stack, file_ids):
        said = words(note)
        if (since and datetime.fromisoformat(note.tried_at) < since) or known.get(note.file.file_id) == said:
            continue
        known[note.file.file_id] = said
        yield note.file.file_id, said


def words(waiting: Waiting, now: datetime | None = None) -> str:
    """Say how often a file was tried, why that failed, and when it is tried again, if it is."""
    times = "once" if waiting.tries == 1 else f"{waiting.tries} times"
    return f"tried {times}: {waiting.reason}{_again(waiting, now or datetime.now(UTC))}"


def is_given_up(waiting: Waiting) -> bool:
    """Tell whether a file was tried as often as the queue lets it be: then it is on the dead-letter queue."""
    return waiting.tries >= MOST_TRIES


def _again(waiting: Waiting, now: datetime) -> str:
    if is_given_up(waiting):
        return "; given up: `landfall replay --dlq` when the cause is gone"
    if waiting.again_by is None:
        return ""
    by = f"{seconds(spell_iso(waiting.again_by))} UTC"
    if now - datetime.fromisoformat(waiting.again_by) > OVERDUE:
        return f"; was to be tried again by {by}: `landfall doctor` says what stands in the way"
    return f"; again by {by}"


def line(waiting: Waiting) -> FileLine:
    """Word a waiting file as `landfall history` does; its time is that of the last try."""
    return FileLine(
        source_file=waiting.file.uri,
        dataset=waiting.dataset,
        outcome="waiting",
        reason=words(waiting),
        rows=None,
        load_id=None,
        load_seq=None,
        load_path=None,
        loaded_at=spell_iso(waiting.tried_at),
    )


def _notes(stack: "Stack") -> list[Waiting]:
    newest = sorted(_listed(stack, PREFIX), key=lambda each: each["LastModified"], reverse=True)
    return _read(stack, newest[:MOST_NOTES])


def _listed(stack: "Stack", prefix: str) -> list["ObjectTypeDef"]:
    pages = stack.s3.get_paginator("list_objects_v2").paginate(Bucket=stack.bucket, Prefix=prefix)
    return [each for page in pages for each in page.get("Contents", [])]


def _read(stack: "Stack", listed: Iterable["ObjectTypeDef"]) -> list[Waiting]:
    """Read the notes that are there still: one goes when its file has ended."""
    notes = []
    for each in listed:
        try:
            body = stack.s3.get_object(Bucket=stack.bucket, Key=each["Key"])["Body"].read()
        except stack.s3.exceptions.NoSuchKey:
            continue
        notes.append(read_waiting(body.decode()))
    return notes
