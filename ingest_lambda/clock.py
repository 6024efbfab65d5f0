"""LAND: the two things that timestamps can be.

https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#timestamp tells them apart by `isAdjustedToUTC`.
"""

from __future__ import annotations

from enum import StrEnum


class Clock(StrEnum):
    """What the timestamps of a column are."""

    INSTANT = "instant"  # a moment, the same everywhere: it is stored in UTC
    WALL = "wall clock"  # what a clock showed, in a zone that the file does not say
