"""Arrow types and values, for the writers that take arrow tables. Runs in the matrix' own environment."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

MOMENT = dt.datetime(2025, 11, 13, 9, 5, 1, 234567)
SECOND = MOMENT.replace(microsecond=0)
KEY = bytes.fromhex("c0ffee00000040008000000000000001")


def _array(values: list[Any], type_: pa.DataType) -> pa.Array:
    return pa.array([*values, None], type_)


ARRAYS: dict[str, pa.Array] = {
    "bool": _array([True, False], pa.bool_()),
    "int8": _array([-128], pa.int8()),
    "int16": _array([-32768], pa.int16()),
    "int32": _array([-(2**31)], pa.int32()),
    "int64": _array([-(2**63), 2**63 - 1], pa.int64()),
    "uint8": _array([255], pa.uint8()),
    "uint16": _array([65535], pa.uint16()),
    "uint32": _array([2**32 - 1], pa.uint32()),
    "uint64": _array([2**64 - 1], pa.uint64()),
    "float16": _array([1.5], pa.float16()),
    "float32": _array([0.1, float("nan"), float("-inf")], pa.float32()),
    "float64": _array([0.1, float("nan"), 1e300], pa.float64()),
    "decimal128(9,2)": _array([Decimal("1234567.89")], pa.decimal128(9, 2)),
    "decimal128(18,4)": _array([Decimal("-12345678901234.5678")], pa.decimal128(18, 4)),
    "decimal128(38,10)": _array([Decimal("1234567890123456789012345678.0123456789")], pa.decimal128(38, 10)),
    "decimal256(40,2)": _array([Decimal("123.45")], pa.decimal256(40, 2)),
    "string": _array(["ü😀", ""], pa.string()),
    "large_string": _array(["ü😀"], pa.large_string()),
    "string_view": _array(["ü😀"], pa.string_view()),
    "binary": _array([b"\0\xff", b""], pa.binary()),
    "large_binary": _array([b"\0\xff"], pa.large_binary()),
    "fixed_size_binary(2)": _array([b"\0\xff"], pa.binary(2)),
    "date32": _array([dt.date(1, 1, 1), dt.date(9999, 12, 31)], pa.date32()),
    "date64": _array([dt.date(2025, 11, 13)], pa.date64()),
    "time32[s]": _array([dt.time(9, 5, 1)], pa.time32("s")),
    "time32[ms]": _array([dt.time(23, 59, 59, 999000)], pa.time32("ms")),
    "time64[us]": _array([dt.time(23, 59, 59, 999999)], pa.time64("us")),
    "time64[ns]": _array([dt.time(23, 59, 59, 999999)], pa.time64("ns")),
    "timestamp[s]": _array([SECOND], pa.timestamp("s")),
    "timestamp[ms]": _array([MOMENT.replace(microsecond=234000)], pa.timestamp("ms")),
    "timestamp[us]": _array([dt.datetime(1, 1, 1), MOMENT], pa.timestamp("us")),
    "timestamp[ns]": _array([MOMENT], pa.timestamp("ns")),
    "timestamp[s, UTC]": _array([SECOND], pa.timestamp("s", "UTC")),
    "timestamp[us, Europe/Berlin]": _array([MOMENT], pa.timestamp("us", "Europe/Berlin")),
    "duration[s]": _array([dt.timedelta(days=-1)], pa.duration("s")),
    "duration[us]": _array([dt.timedelta(microseconds=1)], pa.duration("us")),
    "duration[ns]": _array([dt.timedelta(microseconds=1)], pa.duration("ns")),
    "month_day_nano_interval": _array([pa.MonthDayNano([1, 2, 3])], pa.month_day_nano_interval()),
    "dictionary<string>": _array(["paid", "placed"], pa.string()).dictionary_encode(),
    "uuid": pa.ExtensionArray.from_storage(pa.uuid(), _array([KEY], pa.binary(16))),
    "json": pa.ExtensionArray.from_storage(pa.json_(), _array(['{"a": 1}'], pa.string())),
    "list<int32>": _array([[1, None], []], pa.list_(pa.int32())),
    "list<timestamp[s]>": _array([[SECOND, None]], pa.list_(pa.timestamp("s"))),
    "fixed_size_list<int32>[2]": _array([[1, 2]], pa.list_(pa.int32(), 2)),
    "struct": _array([{"a": 1, "b": None}], pa.struct([("a", pa.int32()), ("b", pa.string())])),
    "struct<time32[s]>": _array([{"at": dt.time(9, 5, 1)}], pa.struct([("at", pa.time32("s"))])),
    "map<string, int32>": _array([[("k", 1)]], pa.map_(pa.string(), pa.int32())),
    "null": pa.nulls(2),
}


def table(array: pa.Array) -> pa.Table:
    """Put the values beside their ids."""
    return pa.table({"id": pa.array(range(1, len(array) + 1), pa.int32()), "v": array})


def values(column: Any) -> list[Any]:
    """Read a column as Python has its values; maps as objects, durations and moments without losing nanoseconds."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    if isinstance(array, pa.ExtensionArray) and not isinstance(array.type, pa.UuidType):
        array = array.storage
    if pa.types.is_map(array.type):
        return [None if one is None else dict(one) for one in array.to_pylist()]
    return list(array.to_pylist())
