"""LAND: which way the files of a batch go, and which of them go together.

In: readable files of one dataset. Out: `Group`s: one large file that COPY reads right is a load by itself, everything
else is rewritten, many files in one load. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ingest_lambda.read.footer import WHOLE_FILE_BYTES, Footer, Inspected

MEBIBYTE = 1024**2
# Above it, reading and writing a file takes the function longer than the load of its own that is spared.
LARGE_BYTES = 32 * MEBIBYTE
# What one load rewrites, in bytes of its files: less than a minute's work (25 s of CPU, benchmarks/rewrite_memory.py;
# a function of 1024 MB has 0.6 of one), so that a function that is cut short has most of its loads behind it.
MAX_CANONICAL_BYTES = 1024 * MEBIBYTE


class LoadPath(StrEnum):
    """How the rows of a file reach the warehouse."""

    AS_IS = "as_is"  # COPY reads the object itself
    CANONICAL = "canonical"  # the function reads it, and COPY what the function writes


@dataclass(frozen=True)
class Group:
    """The files of one load, all on one path, and why each takes it."""

    path: LoadPath
    files: tuple[Inspected, ...]
    reasons: tuple[str, ...]

    def halves(self) -> tuple[Group, Group]:
        """Divide a group of two files and more."""
        half = len(self.files) // 2
        return (
            Group(self.path, self.files[:half], self.reasons[:half]),
            Group(self.path, self.files[half:], self.reasons[half:]),
        )


def canonical(file: Inspected, reason: str) -> Group:
    """Send one file through the function."""
    return Group(LoadPath.CANONICAL, (file,), (reason,))


def group_by_path(
    files: Sequence[Inspected], *, failed_before: bool = False, room_on_disk: int | None = None
) -> list[Group]:
    """Choose each file's path, and put together what is loaded together.

    `failed_before`: loads of these files have failed again and again, perhaps for what COPY said of one of them in
    words that nobody foresaw; so the function reads them all. But not what it cannot read: a file above its limits, or
    above `room_on_disk` bytes, is COPY's where that reads it right. Else it goes alone, so that what becomes of it
    becomes of no other.
    """
    by_copy: list[tuple[Inspected, str]] = []
    alone: list[tuple[Inspected, str]] = []
    others: list[tuple[Inspected, str | None]] = []
    for file in files:
        obstacle, unread = obstacle_of(file), _why_unread(file, room_on_disk)
        distrust = "its loads have failed, so COPY does not read the file itself" if failed_before else None
        if unread and obstacle:
            alone.append((file, obstacle))
        elif unread:
            by_copy.append((file, unread))
        elif not obstacle and not distrust and file.size > LARGE_BYTES:
            by_copy.append((file, "a large file that COPY reads right"))
        else:
            others.append((file, obstacle or distrust))
    if len(others) == 1 and not others[0][1] and not alone:
        by_copy.append((others[0][0], "a single file that COPY reads right"))
        others = []
    together = [(file, why or f"one of {len(others)} small files") for file, why in others]
    as_is = [Group(LoadPath.AS_IS, (file,), (why,)) for file, why in by_copy]
    return [*as_is, *_bounded(together), *(canonical(file, why) for file, why in alone)]


def _why_unread(file: Inspected, room_on_disk: int | None) -> str | None:
    """Say why the function does not read a file, if it must not; what is small is read as bytes, not from disk."""
    if file.over_limit is not None:
        return "a file that COPY reads right, and the function does not"
    is_too_large = room_on_disk is not None and file.size > max(room_on_disk, WHOLE_FILE_BYTES)
    return "a file that COPY reads right, and that is too large for the function's disk" if is_too_large else None


def obstacle_of(file: Inspected) -> str | None:
    """Say which column COPY would misread or refuse, and why; None where there is none."""
    return obstacle_in(file.footer)


def obstacle_in(footer: Footer) -> str | None:
    """Say the same of a file by its footer."""
    for column in footer.columns:
        if column.obstacle is not None:
            return f"COPY cannot read column {column.name}: {column.obstacle}"
    return None


def _bounded(files: Sequence[tuple[Inspected, str]]) -> Iterator[Group]:
    """Fill loads with files, in their order, up to the size that one load rewrites."""
    load: list[tuple[Inspected, str]] = []
    size = 0
    for file, reason in files:
        if load and size + file.size_to_read > MAX_CANONICAL_BYTES:
            yield _group(load)
            load, size = [], 0
        load.append((file, reason))
        size += file.size_to_read
    if load:
        yield _group(load)


def _group(load: Sequence[tuple[Inspected, str]]) -> Group:
    return Group(LoadPath.CANONICAL, tuple(file for file, _ in load), tuple(reason for _, reason in load))
