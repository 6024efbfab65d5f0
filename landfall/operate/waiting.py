"""OPERATE: files that are tried again and again. In: a stack. Out: a line each, with the words of the last error.

The function notes them in the bucket (`ingest_lambda.tell.waiting`); what has landed or been rejected since waits no
more, whatever is still noted of it.
"""

from collections import defaultdict
from typing import TYPE_CHECKING

from ingest_lambda.tell.waiting import PREFIX, Waiting, read_waiting
from landfall.operate import files
from landfall.operate.files import FileLine
from landfall.timestamps import spell_iso

if TYPE_CHECKING:
    from landfall.stack import Stack

MOST_NOTES = 1_000  # that are read; an outage may leave as many as there are files


def still_waiting(stack: "Stack", wanted: str | None = None) -> list[Waiting]:
    """List the files that are noted, and have not landed or been rejected since, the last tried first."""
    noted = [each for each in _notes(stack) if wanted in (None, each.dataset)]
    ids: dict[str, list[str]] = defaultdict(list)
    for each in noted:
        ids[each.dataset].append(each.file.file_id)
    settled = files.outcomes(stack.warehouse, ids) if ids else {}
    left = [each for each in noted if each.file.file_id not in settled]
    return sorted(left, key=lambda each: each.tried_at, reverse=True)


def line(waiting: Waiting) -> FileLine:
    """Word a waiting file as `landfall history` does; its time is that of the last try."""
    return FileLine(
        source_file=waiting.file.uri,
        dataset=waiting.dataset,
        outcome="waiting",
        reason=f"tried {waiting.tries} times: {waiting.reason}",
        rows=None,
        load_id=None,
        load_seq=None,
        load_path=None,
        loaded_at=spell_iso(waiting.tried_at),
    )


def _notes(stack: "Stack") -> list[Waiting]:
    listed = stack.s3.list_objects_v2(Bucket=stack.bucket, Prefix=PREFIX, MaxKeys=MOST_NOTES).get("Contents", [])
    bodies = (stack.s3.get_object(Bucket=stack.bucket, Key=each["Key"])["Body"].read() for each in listed)
    return [read_waiting(body.decode()) for body in bodies]
