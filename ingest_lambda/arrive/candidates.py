"""LAND, arrive: which files of a batch of messages are to land, and which of them are loaded together.

In: messages. Out: the files that their routes make candidates, each version once, and those that are ignored; groups of
candidates, the suspects last and in ever smaller company. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ingest_lambda.arrive.events import Message
from ingest_lambda.arrive.routing import Ignored, Rules, route
from ingest_lambda.file_version import FileVersion

# How many files of a dataset are loaded together, by how often their messages have come; alone after that.
FILES_TOGETHER = {1: 10_000, 2: 100, 3: 10}


@dataclass(frozen=True)
class Candidate:
    """A data file of a dataset, or a marker, and how often its message has come; the rest as its route says."""

    file: FileVersion
    dataset: str
    receive_count: int = 1
    folder: str | None = None
    by_bytes: bool = False
    is_marker: bool = False


def route_files(messages: Iterable[Message], rules: Rules) -> tuple[list[Candidate], list[tuple[FileVersion, Ignored]]]:
    """Sort the files of `messages` into candidates and ignored ones, each version once."""
    candidates: dict[str, Candidate] = {}
    ignored: dict[str, tuple[FileVersion, Ignored]] = {}
    for message in messages:
        for file in message.files:
            routed = route(file.key, rules)
            if isinstance(routed, Ignored):
                ignored[file.file_id] = file, routed
            else:
                candidate = Candidate(
                    file, routed.dataset, message.receive_count, routed.folder, routed.by_bytes, routed.is_marker
                )
                known = candidates.get(file.file_id)
                candidates[file.file_id] = _joined(known, candidate) if known else candidate
    return list(candidates.values()), list(ignored.values())


def _joined(one: Candidate, other: Candidate) -> Candidate:
    """Make one of two announcements of a version: as suspect as that which came more often, asked for by the later."""
    latest = max((one, other), key=lambda each: each.file.event_time or datetime.min.replace(tzinfo=UTC))
    return replace(latest, receive_count=max(one.receive_count, other.receive_count))


def group_for_loading(candidates: Iterable[Candidate]) -> list[list[Candidate]]:
    """Group by dataset, and what has come before in ever smaller groups: new files first, then suspects.

    A file that makes a load fail again and again, for a reason that nobody foresaw, so takes ever fewer others with it,
    and none from its fourth delivery on; while a batch that came back for an outage is not loaded one by one.
    """
    by_delivery: dict[tuple[int, str], list[Candidate]] = {}
    for candidate in candidates:
        by_delivery.setdefault((candidate.receive_count, candidate.dataset), []).append(candidate)
    groups: list[list[Candidate]] = []
    for (receive_count, _), group in sorted(by_delivery.items(), key=lambda item: item[0]):
        size = FILES_TOGETHER.get(receive_count, 1)
        groups += [group[start : start + size] for start in range(0, len(group), size)]
    return groups
