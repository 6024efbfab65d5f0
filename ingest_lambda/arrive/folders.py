"""LAND, arrive: what the folders of a key say.

In: a segment of a key, or all of them. Out: whether it is a writer's own, part of a dataset (a hive part, a date), or
a name that may be another table's. Pure. The patterns are POSIX as well as Python's, because the warehouse looks at its
ledgers with them too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

HIVE_PATTERN = "[^=/]+=[^/]*"
HIVE_PART = re.compile(HIVE_PATTERN)

_YEAR = "(19|20|21)[0-9][0-9]"
_MONTH = "(0?[1-9]|1[0-2])"
_DAY = "(0?[1-9]|[12][0-9]|3[01])"
_TIME = "[-_.T ]?[0-2]?[0-9]([-_.:]?[0-5][0-9]([-_.:]?[0-5][0-9]([.][0-9]+)?)?)?(Z|[-+][0-9][0-9]:?[0-9][0-9])?"
# `2026`, `2026-11`, `2026-11-28`, `20261128`, `2026-11-28T09:05:00Z`; `2026-W48`, `2026Q4`; `28-11-2026`; and the parts
# that stand alone below a year: a month, a day, an hour, a minute.
DATE_PATTERN = (
    f"({_YEAR}([-_.]?{_MONTH}([-_.]?{_DAY}({_TIME})?)?)?"
    f"|{_YEAR}[-_]?(W[0-5][0-9]|Q[1-4])"
    f"|[0-3]?[0-9][-_.][0-3]?[0-9][-_.]{_YEAR}"
    "|[0-5]?[0-9])"
)
DATE = re.compile(DATE_PATTERN)
# A name that says nothing: below a dataset it is no other table's. Iceberg keeps a table's rows there, by default
# (https://iceberg.apache.org/docs/latest/configuration/#write-properties, write.data.path).
NEUTRAL_PATTERN = "data"
NEUTRAL = re.compile(NEUTRAL_PATTERN)


def is_writers_own(segment: str) -> bool:
    """Tell whether a folder or file is a writer's own: what it has not finished, or what it notes for itself.

    It begins with `.`, or with `_` and is no hive part: `_temporary` of Hadoop, `.spark-staging-1`, `_delta_log`,
    `.hoodie`, `_SUCCESS`. Spark, Hive and Athena pass such names over as well
    (https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html).

    >>> [name for name in ("_temporary", ".hoodie", "_dt=2026-01-01", ".dt=1", "orders") if is_writers_own(name)]
    ['_temporary', '.hoodie', '.dt=1']
    """
    return segment.startswith(".") or (segment.startswith("_") and "=" not in segment)


def writers_own(segments: Iterable[str]) -> str | None:
    """Name the first segment that is a writer's own, None where there is none."""
    return next((segment for segment in segments if is_writers_own(segment)), None)


def is_part(folder: str) -> bool:
    """Tell whether a folder below a dataset divides it, by a hive part or a date, and names no table.

    >>> [folder for folder in ("year=2026", "2026", "11", "2026-11-28", "20261128T0905Z", "09") if not is_part(folder)]
    []
    >>> [folder for folder in ("eu", "orders", "v2", "42x", "1042", "99") if is_part(folder)]
    []
    """
    return any(pattern.fullmatch(folder) for pattern in (HIVE_PART, DATE, NEUTRAL))


def first_name(folders: Sequence[str]) -> int | None:
    """Find the first of the folders below a dataset that may be another table's name; None where there is none.

    >>> first_name(["2026", "", "eu"]), first_name(["region=EU"])
    (2, None)
    """
    return next((number for number, folder in enumerate(folders) if folder and not is_part(folder)), None)
