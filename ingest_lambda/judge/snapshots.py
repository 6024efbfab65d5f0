"""LAND, judge: what makes a snapshot of a dataset, whose files replace the ones before (docs/decisions/0010).

In: `snapshot` of the dataset's source YAML; the versions of a prefix. Out: a `Snapshot`; the files of one. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ingest_lambda.bucket.versions import Version, newest_of_each
from ingest_lambda.file_version import FileVersion

MARKER = "_SUCCESS"  # as Spark and Hadoop write it, last
# As UNLOAD names it, whose files and manifest bear one prefix:
# https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD_command_examples.html
MANIFEST = "*manifest"
MOST_PARTS = 10_000  # so that the list of a snapshot is one transaction of few statements
# https://beam.apache.org/releases/javadoc/current/org/apache/beam/sdk/io/ShardNameTemplate.html
NUMBERED = re.compile(r"(?P<before>.*[^0-9])\d+-of-(?P<count>\d+)(?P<after>[^/]*)", re.DOTALL)
OBJECT_NAME = re.compile(r"[^/?\[\]]+")


class End(StrEnum):
    """What ends a snapshot; the values are those of `end`."""

    FILE = "file"  # each file is a whole export
    MARKER = "marker"  # an object that is stored in a folder after all of its parts
    MANIFEST = "manifest"  # an object that lists the parts
    COUNT = "count"  # so many parts have been stored


@dataclass(frozen=True)
class Snapshot:
    """How the snapshots of a dataset end.

    `marker`: what the object is called that ends one, a marker or a manifest; None where there is none. A `*` stands
    for any letters. `count`: how many files a folder of parts has; None where their names say it, or nothing counts.
    """

    end: End = End.FILE
    marker: str | None = None
    count: int | None = None

    def declared(self) -> dict[str, Any]:
        """Spell it out, as a contract has it.

        >>> Snapshot(End.MARKER, "_SUCCESS").declared(), Snapshot(End.COUNT, count=8).declared()
        ({'end': 'marker', 'marker': '_SUCCESS'}, {'end': 'count', 'count': 8})
        """
        said = self.marker or self.count
        return {"end": self.end.value, **({self.end.value: said} if said else {})}


@dataclass(frozen=True)
class Parts:
    """The files that make one snapshot together: their keys begin with `prefix` and match `keys`, and are `count`."""

    prefix: str
    keys: str
    count: int

    def has(self, key: str) -> bool:
        """Tell whether the object `key` is one of them."""
        return re.fullmatch(self.keys, key, re.DOTALL) is not None


def parse_snapshot(declared: Any) -> Snapshot:
    """Read what is declared: `{end: file}`, or another end, with how it is called, or how many files there are.

    >>> parse_snapshot({"end": "marker"})
    Snapshot(end=<End.MARKER: 'marker'>, marker='_SUCCESS', count=None)
    >>> parse_snapshot({"end": "count", "count": 8})
    Snapshot(end=<End.COUNT: 'count'>, marker=None, count=8)

    Raises:
        ValueError: it is none of these.
    """
    if not isinstance(declared, Mapping) or declared.get("end") not in set(End):
        ends = ", ".join(f"{{end: {end}}}" for end in End)
        raise ValueError(f"snapshot is {declared!r}; it says how one ends, as one of {ends}")
    end = End(declared["end"])
    if unknown := set(declared) - ({"end"} if end is End.FILE else {"end", end.value}):
        raise ValueError(f"snapshot with end: {end} has no {sorted(unknown)[0]}")
    if end is End.COUNT:
        return Snapshot(end, count=_count(declared.get("count")))
    name = declared.get(end.value, {End.MARKER: MARKER, End.MANIFEST: MANIFEST}.get(end))
    if name is not None and (not isinstance(name, str) or not OBJECT_NAME.fullmatch(name)):
        raise ValueError(f"the {end} of a snapshot is {name!r}; it is the name of an object, as {MARKER} or {MANIFEST}")
    return Snapshot(end, name)


def _count(said: Any) -> int | None:
    if said is None or (isinstance(said, int) and not isinstance(said, bool) and 0 < said <= MOST_PARTS):
        return said
    raise ValueError(f"the count of a snapshot is {said!r}; it is how many files a folder has, 1 to {MOST_PARTS}")


def parts_of(key: str, snapshot: Snapshot) -> Parts | None:
    """Say which files make a snapshot with the object `key`: its folder's, or those of its name; None where neither.

    >>> parts_of("raw/catalogs/2026-11-28/a.parquet", Snapshot(End.COUNT, count=8))
    Parts(prefix='raw/catalogs/2026-11-28/', keys='raw/catalogs/2026\\\\-11\\\\-28/[^/]+', count=8)
    >>> numbered = parts_of("raw/catalogs/x-00003-of-00008.parquet", Snapshot(End.COUNT))
    >>> numbered.count, numbered.has("raw/catalogs/x-00000-of-00008.parquet")
    (8, True)
    >>> parts_of("raw/catalogs/a.parquet", Snapshot(End.COUNT))
    """
    if snapshot.count is not None:
        folder = key.rpartition("/")[0] + "/"
        return Parts(folder, f"{re.escape(folder)}[^/]+", snapshot.count)
    if (found := NUMBERED.fullmatch(key)) is None or not 0 < int(found["count"]) <= MOST_PARTS:
        return None
    before, after = found["before"], re.escape(f"-of-{found['count']}{found['after']}")
    return Parts(before, rf"{re.escape(before)}\d+{after}", int(found["count"]))


def counted(versions: Sequence[Version], parts: Parts) -> tuple[Version, list[FileVersion]] | None:
    """Name the file that makes the parts complete, and all of them as they were then; None while one is missing.

    `versions` of the prefix are oldest first. Of a part that was stored more than once by then the newest counts. What
    is stored later changes nothing, so that the answer is the same whenever it is asked; nor does a deletion.
    """
    stored = [version for version in versions if not version.is_deletion and parts.has(version.file.key)]
    seen: set[str] = set()
    for number, version in enumerate(stored, start=1):
        seen.add(version.file.key)
        if len(seen) == parts.count:
            return version, newest_of_each(stored[:number])
    return None
