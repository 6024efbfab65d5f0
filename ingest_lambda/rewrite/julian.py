"""LAND, rewrite: moments of the calendar of before Spark 3, and of Hive, in today's.

In: dates and timestamps that were counted in the hybrid calendar: Julian before 1582-10-15, Gregorian from then on.
Out: those that have the same year, month, day and time of day in the Gregorian calendar all the way back, which SQL
has and which Spark itself reads
(https://github.com/apache/spark/blob/master/sql/api/src/main/scala/org/apache/spark/sql/catalyst/util/RebaseDateTime.scala).
Pure.
"""

from __future__ import annotations

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types

from ingest_lambda.read.meaning import Meaning
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.checks import refuse

SWITCH = -141_427  # 1582-10-15, in days since 1970: the same day in both from then on
# Days from 1 March of the year -4800 of the Julian calendar to 1970: no count that lands is negative.
ERA = 2_440_588 + 32_082
DAYS_OF_FOUR_YEARS = 1_461
DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000}
# Outside of UTC the two calendars of Spark also differ in what clocks showed before standard time: by seconds, which a
# table of Spark's own tells, and of no zone after the year 1899.
LAST_DIFFERENCE = -2_208_988_800
UTC = {
    "Etc/GMT",
    "Etc/GMT+0",
    "Etc/GMT-0",
    "Etc/GMT0",
    "Etc/Greenwich",
    "Etc/UCT",
    "Etc/UTC",
    "Etc/Universal",
    "Etc/Zulu",
    "GMT",
    "GMT0",
    "Greenwich",
    "UCT",
    "UTC",
    "Universal",
    "Z",
    "Zulu",
}


def in_todays_calendar(values: pa.Array, meaning: Meaning) -> pa.Array:
    """Give dates and timestamps the day of today's calendar that has their name.

    >>> days = pa.array([-171_595, -141_427], pa.int32()).view(pa.date32())
    >>> in_todays_calendar(days, Meaning()).cast(pa.string()).to_pylist()
    ['1500-03-01', '1582-10-15']

    Raises:
        BadValueError: a timestamp is from before 1900, and of a time zone whose clocks are not known.
    """
    if types.is_date(values.type):
        days = values.view(pa.int32()).cast(pa.int64())
        return pc.add(days, _shift(days)).cast(pa.int32()).view(values.type)
    day = DAY[values.type.unit]
    count = values.view(pa.int64())
    if meaning.zone not in UTC:
        is_old = pc.less(count, LAST_DIFFERENCE * (day // DAY["s"]))
        zone = meaning.zone or "that is not said"
        expected = f"a timestamp since 1900, or today's calendar, in the time zone {zone}"
        refuse(is_old, values, Reason.LEGACY_CALENDAR, expected)
        return values
    towards_zero = pc.divide(count, day)
    is_before = pc.less(pc.subtract(count, pc.multiply(towards_zero, day)), 0)
    days = pc.subtract(towards_zero, is_before.cast(pa.int64()))
    return pc.add(count, pc.multiply(_shift(days), day)).view(values.type)


def in_either_calendar(values: pa.Array, _: Meaning) -> pa.Array:
    """Give moments that are the same in both calendars; Spark refuses the others too, unless it is told which.

    Raises:
        BadValueError: a date is from before 1582-10-15, or a timestamp from before 1900.
    """
    if types.is_date(values.type):
        is_old = pc.less(values.view(pa.int32()), SWITCH)
    else:
        is_old = pc.less(values.view(pa.int64()), LAST_DIFFERENCE * (DAY[values.type.unit] // DAY["s"]))
    expected = "a date since 1582-10-15, a timestamp since 1900, or a file that says its calendar"
    refuse(is_old, values, Reason.LEGACY_CALENDAR, expected)
    return values


def _shift(days: pa.Array) -> pa.Array:
    """Tell by how many days the calendars differ on each day: what centuries without a leap day have added up to."""
    quarters = pc.add(pc.multiply(pc.add(days, ERA), 4), 3)
    centuries = pc.divide(pc.divide(quarters, DAYS_OF_FOUR_YEARS), 100)
    shift = pc.add(pc.subtract(38, centuries), pc.divide(centuries, 4))
    return pc.if_else(pc.less(days, SWITCH), shift, 0)
