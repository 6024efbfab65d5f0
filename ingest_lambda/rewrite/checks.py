"""LAND: checks on the values of a file, and the units they are counted in.

In: arrow arrays as pyarrow reads them from a file. Out: the same values in fewer types, or a `BadValueError` that
names the first one that no landing column can hold. Pure. Nothing is rounded, cut or replaced but what lies below a
microsecond, and that is told; but of INT96, which is read in microseconds (`read.parquet_rows` says why).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types

from ingest_lambda.clock import Clock
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse.sqltypes import SqlType

MAX_SHOWN = 100
DOUBLE_DIGITS = 15  # any decimal of so many digits comes back from a double unchanged (C's DBL_DIG)
DAY_MICROSECONDS = 86_400_000_000
# What DuckDB keeps for 'infinity' and, negative, for '-infinity': no moment that anyone means.
INFINITE_MOMENT, INFINITE_DAY = 2**63 - 1, 2**31 - 1
MICROSECONDS = {"s": 1_000_000, "ms": 1_000}


class BadValueError(Exception):
    """The value at `index` of an array cannot land; `found` shows it shortened, `expected` is what can.

    `remedy` says what to do, where this value needs another word than its reason's. `evolve_to`: the type that the
    landing column would have to have for it.
    """

    def __init__(
        self,
        reason: Reason,
        index: int,
        found: str,
        expected: str,
        remedy: str | None = None,
        evolve_to: SqlType | None = None,
    ) -> None:
        super().__init__(f"{reason.value}: {found} at {index}, expected {expected}")
        self.reason = reason
        self.index = index
        self.found = found
        self.expected = expected
        self.remedy = remedy
        self.evolve_to = evolve_to


@dataclass(frozen=True)
class Converted:
    """The values in their transport type; `is_cut` where digits below a microsecond were dropped (rounding down).

    `clocks` is what timestamps that are written as text are, each by its zone or want of one.
    """

    values: pa.Array
    is_cut: bool = False
    clocks: frozenset[Clock] = frozenset()


def plain(values: pa.Array) -> pa.Array:
    """Unwrap extension, dictionary and run-end-encoded arrays."""
    while True:
        if isinstance(values, pa.ExtensionArray):
            values = values.storage
        elif types.is_dictionary(values.type):
            # below a null list of fixed size stand indices that mean nothing, perhaps into an empty dictionary
            is_empty = len(values.dictionary) == 0
            values = pa.nulls(len(values), values.type.value_type) if is_empty else values.dictionary_decode()
        elif types.is_run_end_encoded(values.type):
            values = pc.run_end_decode(values)
        else:
            return values


def text(values: pa.Array, limit: int) -> pa.Array:
    """Check strings (or bytes that are said to be UTF-8): valid, without NUL, of at most `limit` bytes.

    Raises:
        BadValueError: one is not.
    """
    values = values.cast(pa.large_binary() if types.is_large_string(values.type) else pa.binary())
    *_, content = values.buffers()  # perhaps of more than the array's own values, as of a slice
    if content is not None and content.size > limit:
        refuse(pc.greater(pc.binary_length(values), limit), values, Reason.OVERSIZE_VALUE, f"at most {limit} bytes")
    expected = "UTF-8 without NUL characters"
    if content is not None and _has(content, 0):
        refuse(pc.match_substring(values, b"\0"), values, Reason.INVALID_TEXT, expected)
    return checked(values, lambda some: some.cast(pa.string()), Reason.INVALID_TEXT, expected)


def _has(content: pa.Buffer, byte: int) -> bool:
    """Look through the bytes behind an array at once, which is twenty times faster than value by value.

    One that is there is no proof of a value that has it; none is.
    """
    return bool(content.to_pybytes().find(byte) >= 0)


def are_within(counts: pa.Array, least: int, most: int) -> bool:
    """Tell whether whole numbers are all from `least` to `most`, or NULL."""
    extremes = pc.min_max(counts).as_py()
    return extremes["min"] is None or (extremes["min"] >= least and extremes["max"] <= most)


def refuse(is_bad: pa.Array, values: pa.Array, reason: Reason, expected: str) -> None:
    """Raise for the first value that `is_bad` marks.

    Raises:
        BadValueError: there is one.
    """
    index = pc.index(is_bad, True).as_py()
    if index >= 0:
        raise BadValueError(reason, index, shown(values, index), expected)


def checked(values: pa.Array, work: Callable[[pa.Array], Any], reason: Reason, expected: str) -> Any:
    """Return `work(values)`; where arrow refuses it, find the first value that is at fault.

    Raises:
        BadValueError: arrow refuses a value.
    """
    try:
        return work(values)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        index = first_bad(values, work, (pa.ArrowInvalid, pa.ArrowNotImplementedError))
        raise BadValueError(reason, index, shown(values, index), expected) from None


def first_bad(values: pa.Array, work: Callable[[pa.Array], Any], errors: tuple[type[Exception], ...]) -> int:
    """Find the index of the first value for which `work` fails, by halving."""
    low, high = 0, len(values)  # work fails for a value in [low, high), and for none before
    while high - low > 1:
        middle = (low + high) // 2
        try:
            work(values.slice(low, middle - low))
            low = middle
        except errors:
            high = middle
    return low


def shown(values: pa.Array, index: int) -> str:
    """Show a value to people, shortened."""
    if types.is_date64(values.type):
        values = values.view(pa.timestamp("ms"))
    infinity = _infinity(values, index)
    if infinity:
        return infinity
    kind, value = values.type, values[index]
    if types.is_binary(kind) or types.is_large_binary(kind):
        content = value.as_py()
        head = content[:MAX_SHOWN].decode(errors="backslashreplace")
        return repr(head) if len(content) <= MAX_SHOWN else f"{head!r}… of {len(content)} bytes"
    if types.is_timestamp(kind) or types.is_date32(kind):  # Python's own dates end with the year 9999
        said = str(value.cast(pa.timestamp(kind.unit) if types.is_timestamp(kind) else kind).cast(pa.string()))
        said = said.replace("<value out of range: ", "<").replace(">", f" {getattr(kind, 'unit', 'days')} since 1970>")
    else:
        said = str(value)
    return said if len(said) <= MAX_SHOWN else said[:MAX_SHOWN] + "…"


def refuse_infinity(values: pa.Array) -> None:
    """Refuse timestamps that DuckDB means infinity by.

    Raises:
        BadValueError: there is one.
    """
    counts = values.view(pa.int64())
    if not are_within(counts, 1 - INFINITE_MOMENT, INFINITE_MOMENT - 1):
        is_infinite = pc.equal(pc.abs(counts), INFINITE_MOMENT)
        refuse(is_infinite, values, Reason.VALUE_OUT_OF_RANGE, "a moment, or NULL")


def _infinity(values: pa.Array, index: int) -> str | None:
    """Name an infinite moment or day."""
    if types.is_timestamp(values.type):
        count, infinite = values.view(pa.int64())[index].as_py(), INFINITE_MOMENT
    elif types.is_date32(values.type):
        count, infinite = values.view(pa.int32())[index].as_py(), INFINITE_DAY
    else:
        return None
    return {infinite: "infinity", -infinite: "-infinity"}.get(count)


def whole_microseconds(values: pa.Array) -> Converted:
    """Count timestamps, times or durations in microseconds: exact, but for nanoseconds, which are rounded down.

    Raises:
        BadValueError: one does not fit 64 bits.
    """
    unit = values.type.unit
    count = values.cast(pa.int32()) if types.is_time32(values.type) else values.view(pa.int64())
    count = count.cast(pa.int64())
    if unit == "us":
        return Converted(count)
    if unit != "ns":
        factor = MICROSECONDS[unit]
        expected = "a number of microseconds of 64 bits"
        return Converted(
            checked(count, lambda some: pc.multiply_checked(some, factor), Reason.VALUE_OUT_OF_RANGE, expected)
        )
    towards_zero = pc.divide(count, 1_000)
    rest = pc.subtract(count, pc.multiply(towards_zero, 1_000))
    down = pc.subtract(towards_zero, pc.less(rest, 0).cast(pa.int64()))
    return Converted(down, bool(pc.any(pc.not_equal(rest, 0)).as_py()))


def whole_days(values: pa.Array) -> pa.Array:
    """Count dates in days, whatever their unit.

    Raises:
        BadValueError: one has a time of day.
    """
    return checked(
        values, lambda some: some.cast(pa.date32()), Reason.VALUE_OUT_OF_RANGE, "a date without a time of day"
    )


def time_text(micros: pa.Array) -> pa.Array:
    """Write times of day, in microseconds since midnight, as `HH:MM:SS.ffffff`; midnight at the end of a day is 24:00.

    Raises:
        BadValueError: one is no time of day.
    """
    is_bad = pc.or_(pc.less(micros, 0), pc.greater(micros, DAY_MICROSECONDS))
    refuse(is_bad, micros, Reason.VALUE_OUT_OF_RANGE, "microseconds from 00:00:00 to 24:00:00")
    is_end = pc.equal(micros, DAY_MICROSECONDS)
    times = pc.if_else(is_end, 0, micros).cast(pa.time64("us")).cast(pa.string())
    return pc.if_else(is_end, "24:00:00.000000", times)
