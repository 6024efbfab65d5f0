"""Values: what a file holds is what travels to the warehouse, or a verdict names the value. Without a database."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.checks import BadValueError
from ingest_lambda.rewrite.nested import json_text
from ingest_lambda.rewrite.values import convert
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import SqlType, decimal
from ingest_lambda.warehouse.transport import transport_of
from local.home import ROOT
from tests.land.typed_values import from_json, typed_values

FIXED: list[tuple[pa.Array, SqlType, list[Any]]] = [
    (pa.array([0, 2**64 - 1], pa.uint64()), decimal(20, 0), [Decimal(0), Decimal(2**64 - 1)]),
    (pa.array([2**32 - 1], pa.uint32()), sqltypes.BIGINT, [2**32 - 1]),
    (pa.array([-300], pa.int16()), decimal(7, 2), [Decimal("-300.00")]),
    (pa.array([Decimal("1.20")], pa.decimal128(5, 2)), decimal(18, 4), [Decimal("1.2000")]),
    (pa.array([Decimal("-1.20")], pa.decimal256(50, 2)), decimal(38, 2), [Decimal("-1.20")]),
    (pa.array([1.5, -0.0, math.inf], pa.float16()), sqltypes.REAL, [1.5, -0.0, math.inf]),
    (pa.array([5e-324, -0.0, -math.inf], pa.float64()), sqltypes.DOUBLE, [5e-324, -0.0, -math.inf]),
    (pa.array(["", "Größe 😀"], pa.string_view()), sqltypes.VARCHAR, ["", "Größe 😀"]),
    (pa.array(["a", "b", "a"]).dictionary_encode(), sqltypes.VARCHAR, ["a", "b", "a"]),
    (pa.array([1, 1, 2], pa.run_end_encoded(pa.int32(), pa.int64())), sqltypes.BIGINT, [1, 1, 2]),
    (pa.array(["{}"], pa.json_()), sqltypes.VARCHAR, ["{}"]),
    (pa.array([b"\0\xff"], pa.binary(2)), sqltypes.VARBYTE, [b"\0\xff"]),
    (pa.array([b"", b"\0"], pa.large_binary()), sqltypes.VARBYTE, [b"", b"\0"]),
    (pa.array([date(1, 1, 1), date(9999, 12, 31)], pa.date64()), sqltypes.DATE, [date(1, 1, 1), date(9999, 12, 31)]),
    (pa.array([date(1, 1, 1)]), sqltypes.TIMESTAMP, [datetime(1, 1, 1)]),
    (pa.array([0], pa.timestamp("s", "Europe/Berlin")), sqltypes.TIMESTAMP, [datetime(1970, 1, 1)]),
    (pa.array([time(23, 59, 59)], pa.time32("s")), sqltypes.TIME, ["23:59:59.000000"]),
    (pa.array([86_400_000], pa.int32()).view(pa.time32("ms")), sqltypes.TIME, ["24:00:00.000000"]),
    (pa.array([timedelta(days=-1, microseconds=1)], pa.duration("us")), sqltypes.BIGINT, [-86_399_999_999]),
    (pa.nulls(2), decimal(5, 1), [None, None]),
    (pa.nulls(2), sqltypes.SUPER, [None, None]),
]


@pytest.mark.parametrize(("values", "landing", "expected"), FIXED, ids=[str(values.type) for values, _, _ in FIXED])
def test_a_value_travels_unchanged(values: pa.Array, landing: SqlType, expected: list[Any]) -> None:
    converted = convert(values, landing)

    assert converted.values.type == transport_of(landing).arrow
    assert [str(value) for value in converted.values.to_pylist()] == [str(value) for value in expected]
    assert not converted.is_cut
    with_null = pa.concat_arrays([values.slice(0, 1), pa.nulls(1, values.type)]) if values.null_count == 0 else values
    assert convert(with_null, landing).values.to_pylist()[-1] is None


RANGE, TEXT, SIZE = Reason.VALUE_OUT_OF_RANGE, Reason.INVALID_TEXT, Reason.OVERSIZE_VALUE
GOOD_AND_BAD: list[tuple[pa.Array, SqlType, Reason, str]] = [
    (pa.array([1, -300_000], pa.int32()), decimal(5, 2), RANGE, "-300000"),
    (pa.array([1, 40_000], pa.int64()), sqltypes.SMALLINT, RANGE, "40000"),
    (pa.array([Decimal(1), Decimal(10**40)], pa.decimal256(50, 0)), decimal(38, 0), RANGE, str(10**40)),
    (pa.array([Decimal("0.1"), Decimal(f"0.{'1' * 38}")], pa.decimal128(38, 38)), decimal(38, 37), RANGE, "0.1111"),
    (pa.array([Decimal(1), Decimal(2**63)], pa.decimal128(19, 0)), decimal(19, 0), RANGE, str(2**63)),
    (pa.array(["a", "b\0c"]), sqltypes.VARCHAR, TEXT, "b\\x00c"),
    (pa.array([b"a", b"\xff"]).view(pa.string()), sqltypes.VARCHAR, TEXT, "\\xff"),
    (pa.array(["a" * 65_535, "ü" * 32_768]), sqltypes.VARCHAR, SIZE, "of 65536 bytes"),
    (pa.array(["a" * 10, "ü" * 6]), SqlType("VARCHAR", (10,)), SIZE, "ü"),
    (pa.array([b"", bytes(1_024_001)]), sqltypes.VARBYTE, SIZE, "of 1024001 bytes"),
    (pa.array([0, -3_000_000], pa.date32()), sqltypes.DATE, RANGE, "-6244"),
    (pa.array([0, -(2**63) + 1], pa.timestamp("us")), sqltypes.TIMESTAMP, RANGE, "-infinity"),
    (pa.array([0, 2**63 - 1], pa.timestamp("us")), sqltypes.TIMESTAMP, RANGE, "infinity"),
    (pa.array([0, 2**63 - 1], pa.timestamp("ms")), sqltypes.TIMESTAMP, RANGE, "infinity"),
    (pa.array([0, 2**31 - 1], pa.date32()), sqltypes.DATE, RANGE, "infinity"),
    (pa.array([0, -(2**63) + 2], pa.timestamp("us")), sqltypes.TIMESTAMP, RANGE, "-9223372036854775806 us since 1970"),
    (pa.array([0, 2**62], pa.timestamp("s")), sqltypes.TIMESTAMP, RANGE, "4611686018427387904"),
    (pa.array([0, 86_400_001]).view(pa.date64()), sqltypes.DATE, RANGE, "1970-01-02 00:00:00.001"),
    (pa.array([0, 2**62]).view(pa.date64()), sqltypes.TIMESTAMP, RANGE, "4611686018427387904"),
    (pa.array([0, -1]).view(pa.time64("ns")), sqltypes.TIME, RANGE, "-1"),
    (pa.array([0, 86_400_000_001]).view(pa.time64("us")), sqltypes.TIME, RANGE, "86400000001"),
    (pa.array([0, 2**60], pa.duration("s")), sqltypes.BIGINT, RANGE, str(2**60)),
    (pa.array([["a"], ["b", "c\0"]]), sqltypes.SUPER, TEXT, "c\\x00"),
    (pa.array([["a"], ["b" * 65_536]]), sqltypes.SUPER, SIZE, "of 65536 bytes"),
    (pa.array([[1], list(range(10**6, 10**6 + 150_000))]), sqltypes.SUPER, SIZE, "1200001 bytes of JSON"),
    (pa.array([[0], [2**62]]).view(pa.list_(pa.timestamp("s"))), sqltypes.SUPER, RANGE, ""),
    (
        pa.array([[("a", 1)], [("b", 1), ("b", 2)]], pa.map_(pa.string(), pa.int8())),
        sqltypes.SUPER,
        Reason.DUPLICATE_MAP_KEY,
        "'b'",
    ),
]


@pytest.mark.parametrize(
    ("values", "landing", "reason", "found"),
    GOOD_AND_BAD,
    ids=[f"{landing} {reason} {number}" for number, (_, landing, reason, _) in enumerate(GOOD_AND_BAD)],
)
def test_the_first_value_that_cannot_land_is_named(
    values: pa.Array, landing: SqlType, reason: Reason, found: str
) -> None:
    assert len(convert(values.slice(0, 1), landing).values) == 1

    with pytest.raises(BadValueError) as caught:
        convert(pa.concat_arrays([values.slice(0, 1)] * 5 + [values.slice(1)] * 2), landing)

    assert (caught.value.reason, caught.value.index) == (reason, 5)
    assert found in caught.value.found
    assert len(caught.value.found) < 500  # 100 bytes, each perhaps as \xNN


NANOSECONDS = st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=20)


@given(NANOSECONDS)
def test_nanoseconds_are_rounded_down_and_said_to_be_cut(counts: list[int | None]) -> None:
    converted = convert(pa.array(counts, pa.timestamp("ns", "UTC")), sqltypes.TIMESTAMP)

    expected = [None if count is None else count // 1_000 for count in counts]
    assert converted.values.view(pa.int64()).to_pylist() == expected
    assert converted.is_cut == any(count is not None and count % 1_000 != 0 for count in counts)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_nested_values_come_back_from_their_json(data: st.DataObject) -> None:
    arrow, strategy = data.draw(typed_values().filter(lambda drawn: drawn[0].num_fields > 0))
    rows = data.draw(st.lists(strategy, min_size=1, max_size=4))
    start = data.draw(st.integers(0, len(rows) - 1))

    written = json_text(pa.array(rows, arrow).slice(start)).to_pylist()

    assert len(written) == len(rows) - start
    for text, row in zip(written, rows[start:], strict=True):
        assert (None if text is None else from_json(json.loads(text), arrow)) == row


def test_what_json_has_no_number_for_is_a_string() -> None:
    values = pa.array([[math.nan, math.inf, -math.inf, None, 1.5]])

    assert json_text(values).to_pylist() == [b'["NaN","Infinity","-Infinity",null,1.5]']


def test_instants_within_keep_their_nanoseconds() -> None:
    values = pa.array([[1_234_567_890_123_456_789]], pa.list_(pa.timestamp("ns", "Europe/Berlin")))

    assert json_text(values).to_pylist() == [b'["2009-02-13T23:31:30.123456789Z"]']


@pytest.mark.parametrize("kind", [pa.time64("ns"), pa.duration("ns")], ids=str)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda kind: ([[None, 1_001]], pa.list_(kind)),
        lambda kind: ([None, [1_000, 1_001]], pa.list_(kind, 2)),
        lambda kind: ([{"a": {"b": 1_001}}, None], pa.struct({"a": pa.struct({"b": kind})})),
        lambda kind: ([None, [("k", [1_001])]], pa.map_(pa.string(), pa.list_(kind))),
    ],
    ids=["list", "list of two", "struct", "map"],
)
def test_nanoseconds_that_are_cut_from_a_time_or_duration_within_are_told(
    kind: pa.DataType, wrap: Callable[[pa.DataType], tuple[list[Any], pa.DataType]]
) -> None:
    rows, arrow = wrap(kind)
    cut, exact = (pa.array(given, arrow) for given in (rows, in_whole_microseconds(rows)))

    assert convert(cut, sqltypes.SUPER).is_cut
    assert not convert(exact, sqltypes.SUPER).is_cut
    assert convert(cut, sqltypes.SUPER).values == convert(exact, sqltypes.SUPER).values


def in_whole_microseconds(value: Any) -> Any:
    """Put a whole number of microseconds for one and a part."""
    if isinstance(value, dict):
        return {name: in_whole_microseconds(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(in_whole_microseconds(part) for part in value)
    return 1_000 if value == 1_001 else value


def test_no_numpy_is_needed_which_the_function_has_not() -> None:
    script = (
        "import sys; sys.modules['numpy'] = None\n"
        "from tests.land.test_canonical_values import FIXED, convert\n"
        "for values, landing, _ in FIXED: print(convert(values, landing).values.to_pylist())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - ourselves

    assert len(done.stdout.splitlines()) == len(FIXED)
