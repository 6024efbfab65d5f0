"""OPERATE: how replayed files end. In: what was announced, and since when. Out: the same, each with its end.

An end is read from the function's log, as `landfall tail` does: the warehouse has no row of what is a duplicate or is
ignored by now, and its verdict on a file may be that of an earlier try. What a verdict says whole, the warehouse tells.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.errors import ConfigError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.same_object import unversioned_etags
from landfall.operate import files, waiting
from landfall.operate.files import Outcome
from landfall.operate.function_log import LATE, FunctionLog
from landfall.operate.replays import REASONS, UNDONE, End, Replay
from landfall.operate.uploads import FIRST_PAUSE, LONGEST_PAUSE, PAUSE_GROWTH

if TYPE_CHECKING:
    from landfall.stack import Stack

COMES_BACK = "retried"  # of the function's outcomes the one that is no end
Line = Mapping[str, Any]


def wait(
    stack: "Stack",
    replays: Sequence[Replay],
    since: datetime,
    timeout_seconds: float,
    progress: Callable[[int], None] = lambda _: None,
    failed: Callable[[str], None] = lambda _: None,
) -> list[Replay]:
    """Wait until each file that is to land has ended, or the time is up; those that have not have no outcome.

    `since` is a time in UTC before the first was announced. `progress` is told how many have ended, `failed`, in words,
    of each try that came to nothing and is made again.
    """
    awaited = {file.file_id: file for each in replays if (file := each.awaited)}
    lines, why_open = _read_ends(stack, awaited, since, timeout_seconds, progress, failed)
    ended = _ends(stack, lines, unversioned_etags(awaited.values()))
    ends = ended | {file_id: End(None, reason) for file_id, reason in why_open.items()}
    return [replace(each, end=ends[each.awaited.file_id]) if each.awaited else each for each in replays]


def _read_ends(
    stack: "Stack",
    awaited: Mapping[str, FileVersion],
    since: datetime,
    timeout_seconds: float,
    progress: Callable[[int], None],
    failed: Callable[[str], None],
) -> tuple[dict[str, Line], dict[str, str]]:
    """Read the log until all have ended; return the line of each by id, and of those that have none the reason."""
    deadline, pause = time.monotonic() + timeout_seconds, FIRST_PAUSE
    log, since = FunctionLog(stack, since - LATE), _to_milliseconds(since)
    lines: dict[str, Line] = {}
    tries: dict[str, str] = {}
    trouble = ""
    while open_ids := awaited.keys() - lines:
        try:
            for at, line in log.read():  # each is read once: what comes before a fault is kept
                if _is_end(at, line, awaited, since):
                    lines[line["file_id"]] = line
            open_ids -= lines.keys()
            for file_id, words in waiting.news(stack, open_ids, tries, since.replace(microsecond=0)):
                failed(f"{awaited[file_id].uri}: {words}")
        except (ClientError, BotoCoreError) as error:
            if not trouble:
                failed(f"the outcomes cannot be asked for now: {error}")
            trouble = f"announced, and lands by itself; its outcome cannot be asked for now: {error}"
        else:
            trouble = ""
        progress(len(lines))
        left = deadline - time.monotonic()
        if left <= 0:
            return lines, {file_id: _timed_out(timeout_seconds, trouble or tries.get(file_id)) for file_id in open_ids}
        if open_ids:
            time.sleep(min(pause, left))
            pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)
    return lines, {}


def _to_milliseconds(at: datetime) -> datetime:
    """Cut a time to milliseconds, as those of announcements are."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _timed_out(timeout_seconds: float, failure: str | None) -> str:
    return f"no outcome within {timeout_seconds:g} s; {failure or '`landfall status` shows the queue'}"


def _is_end(at: datetime, line: Line, awaited: Mapping[str, FileVersion], since: datetime) -> bool:
    """Tell whether a line is how a file that is waited for has ended, and not how it had ended before.

    The line's time is of the function's clock; the time of the event that the try was for, of the announcer's.
    """
    file = awaited.get(line["file_id"])
    if file is None or line["outcome"] == COMES_BACK:
        return False
    asked_at = line.get("event_time")
    if asked_at is None:  # a function of an earlier release
        return at >= since
    return datetime.fromisoformat(asked_at) >= (file.event_time or since)


def _ends(stack: "Stack", lines: Mapping[str, Line], etags: Mapping[str, str]) -> dict[str, End]:
    """Make ends of lines; a rejection and an undo are told as whole as the warehouse tells them, if it can be asked."""
    asked: dict[str, list[str]] = defaultdict(list)
    for file_id, line in lines.items():
        if line["outcome"] == "rejected" or _was_undone(line):
            asked[line["dataset"]].append(file_id)
    try:
        known = files.outcomes(stack.warehouse, asked, etags) if asked else {}
    except (ConfigError, TransientError):
        known = {}
    return {file_id: _end(line, known.get(file_id)) for file_id, line in lines.items()}


def _was_undone(line: Line) -> bool:
    """Tell whether a file brought nothing because it was undone meanwhile: to the function it is a duplicate."""
    return bool(line["outcome"] == "duplicate" and line.get("reason") == UNDONE)


def _end(line: Line, known: Outcome | None) -> End:
    if _was_undone(line):
        return End(UNDONE, known.reason if known and known.outcome == UNDONE else REASONS[UNDONE], 0)
    detail = f": {line['detail']}" if line.get("detail") else ""
    reason = f"{line['reason']}{detail}" if line.get("reason") else None
    verdict = known.verdict if known and known.verdict and known.verdict.get("reason") == line.get("reason") else None
    return End(line["outcome"], reason, line.get("rows"), verdict)
