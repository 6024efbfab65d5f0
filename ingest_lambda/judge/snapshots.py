"""LAND, judge: what makes a snapshot of a dataset, whose files replace the ones before (docs/decisions/0010).

In: `snapshot` of the dataset's source YAML. Out: a `Snapshot`. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MARKER = "_SUCCESS"  # as Spark and Hadoop write it, last


class End(StrEnum):
    """What ends a snapshot; the values are those of `end`."""

    FILE = "file"  # each file is a whole export
    MARKER = "marker"  # an object that is stored in a folder after all of its parts


@dataclass(frozen=True)
class Snapshot:
    """How the snapshots of a dataset end; `marker` is the last segment of the marker's key, None where a file ends one.

    The folder that a marker stands in, with what is below it, is the snapshot.
    """

    end: End = End.FILE
    marker: str | None = None

    def declared(self) -> dict[str, str]:
        """Spell it out, as a contract has it.

        >>> Snapshot(End.MARKER, "_SUCCESS").declared()
        {'end': 'marker', 'marker': '_SUCCESS'}
        """
        return {"end": self.end.value, **({"marker": self.marker} if self.marker else {})}


def parse_snapshot(declared: Any) -> Snapshot:
    """Read what is declared: `{end: file}`, or `{end: marker, marker: NAME}` (default: `_SUCCESS`).

    >>> parse_snapshot({"end": "marker"})
    Snapshot(end=<End.MARKER: 'marker'>, marker='_SUCCESS')

    Raises:
        ValueError: it is none of these.
    """
    if not isinstance(declared, Mapping) or declared.get("end") not in set(End):
        raise ValueError(f"snapshot is {declared!r}; it says how one ends, as {{end: file}} or {{end: marker}}")
    end = End(declared["end"])
    if unknown := set(declared) - ({"end", "marker"} if end is End.MARKER else {"end"}):
        raise ValueError(f"snapshot with end: {end} has no {sorted(unknown)[0]}")
    marker = declared.get("marker", MARKER if end is End.MARKER else None)
    if marker is not None and (not isinstance(marker, str) or not marker or "/" in marker):
        raise ValueError(f"the marker of a snapshot is {marker!r}; it is the name of an object, as {MARKER}")
    return Snapshot(end, marker)
