"""LAND: which way the files of a batch go, and which of them go together.

In: readable files of one dataset. Out: `Group`s: one large file that COPY reads right is a load by itself, everything
else is rewritten, many files in one load. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ingest_lambda.read.footer import Inspected

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


def group_by_path(files: Sequence[Inspected], *, failed_before: bool = False) -> list[Group]:
    """Choose each file's path, and put together what is loaded together.

    `failed_before`: loads of these files have failed again and again, perhaps for what COPY said of one of them in
    words that nobody foresaw; so the function reads them all.
    """
    distrust = "its loads have failed, so COPY does not read the file itself" if failed_before else None
    obstacles = [obstacle_of(file) or distrust for file in files]
    large = [file for file, obstacle in zip(files, obstacles, strict=True) if not obstacle and file.size > LARGE_BYTES]
    others = [
        (file, obstacle or f"one of {len(files) - len(large)} small files")
        for file, obstacle in zip(files, obstacles, strict=True)
        if obstacle or file.size <= LARGE_BYTES
    ]
    groups = [Group(LoadPath.AS_IS, (file,), ("a large file that COPY reads right",)) for file in large]
    if len(others) == 1 and not any(obstacles):
        return [*groups, Group(LoadPath.AS_IS, (others[0][0],), ("a single file that COPY reads right",))]
    return [*groups, *_bounded(others)]


def obstacle_of(file: Inspected) -> str | None:
    """Say which column COPY would misread or refuse, and why; None where there is none."""
    for column in file.footer.columns:
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
