"""OPERATE: the ingest function's log. In: a stack, a moment. Out: what it says of the end of each file, a line once.

The warehouse is not asked: it may sleep, and has no row of what is ignored, or was a duplicate.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from landfall.stack import Stack

# A line may reach the log seconds after it was written; lines of this time are looked at again.
LATE = timedelta(seconds=60)


@dataclass
class FunctionLog:
    """Reads the log again and again, from `since` on."""

    stack: "Stack"
    since: datetime
    _read_at: datetime | None = None
    _lines: set[tuple[str, int, str]] = field(default_factory=set)

    def read(self) -> Iterator[tuple[datetime, dict[str, Any]]]:
        """Yield the time and the facts of each line about the end of a file that was not yielded before.

        Raises:
            ClientError, BotoCoreError: the log cannot be asked; the next read begins where this one did.
        """
        now = datetime.now(UTC)
        start = max(self.since, self._read_at - LATE) if self._read_at else self.since
        pages = self.stack.logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{self.stack.output('IngestFunctionName')}",
            startTime=int(start.timestamp() * 1000),
        )
        for logged in (event for page in pages for event in page["events"]):
            line = logged["logStreamName"], logged["timestamp"], logged["message"]
            if line in self._lines:
                continue
            self._lines.add(line)
            if facts := _facts(logged["message"]):
                yield datetime.fromtimestamp(logged["timestamp"] / 1000, UTC), facts
        self._read_at = now


def _facts(message: str) -> dict[str, Any] | None:
    """Read a line that is about the end of one file; None of any other."""
    try:
        said = json.loads(message)
    except ValueError:
        return None
    return said if isinstance(said, dict) and said.get("message") == "file" and "outcome" in said else None
