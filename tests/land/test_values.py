"""Values: both load paths give the same rows, and these are what pyarrow reads from the file."""

import math
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from ingest_lambda.judge.paths import LoadPath
from ingest_lambda.load.outcomes import FileOutcome, Status
from tests.land.landed_values import DAY, expected, landed
from tests.land.typed_values import typed_values
from tests.land.warehouse import Function, Land, new_dataset

FIRST_DAY, LAST_DAY = -2_440_549, 106_751_990  # 4713 BC, and the last whole day of 64 bits of microseconds
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)

# What COPY reads right.
PLAIN: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "boolean": (pa.bool_(), st.booleans()),
    "tiny": (pa.uint8(), st.integers(0, 255)),
    "small": (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    "whole": (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "long": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "single": (pa.float32(), st.floats(width=32)),
    "double": (pa.float64(), st.floats()),
    "money": (pa.decimal128(18, 2), st.decimals(-(10**16) + 1, 10**16 - 1, places=2)),
    "exact": (pa.decimal128(38, 37), st.decimals(-9, 9, places=37)),
    "text": (pa.string(), TEXT),
    "category": (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["", "a", "ü😀"])),
    "bytes": (pa.binary(), st.binary(max_size=5)),
    "day": (pa.date32(), st.integers(FIRST_DAY, LAST_DAY)),
    "at": (pa.timestamp("us"), st.integers(FIRST_DAY * DAY, 2**63 - 2)),
    "at_utc": (pa.timestamp("ms", "UTC"), st.integers(-(10**14), 10**14)),
}
# What it would misread or refuse.
OTHER: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "unsigned": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "nanoseconds": (pa.timestamp("ns"), st.integers(-(2**63), 2**63 - 1)),
    "clock": (pa.time64("ns"), st.integers(0, 86_400_000_000_000)),
    "took": (pa.duration("ms"), st.integers(-(10**15), 10**15)),
    "half": (pa.float16(), st.floats(width=16)),
    "long_decimal": (pa.decimal256(60, 3), st.decimals(-(10**35) + 1, 10**35 - 1, places=3)),
    "fixed": (pa.binary(3), st.binary(min_size=3, max_size=3)),
    "nothing": (pa.null(), st.none()),
}
EXTREMES: dict[str, list[Any]] = {
    "boolean": [True, False],
    "single": [math.nan, -math.inf],
    "double": [-0.0, 5e-324],
    "text": ["", "😀 \\ \" ' \n"],
    "day": [FIRST_DAY, LAST_DAY],
    "at": [FIRST_DAY * DAY, 2**63 - 2],
}


def array(values: list[Any], arrow: pa.DataType) -> pa.Array:
    """Make an array; moments are given as counts of their unit."""
    if pa.types.is_temporal(arrow):
        return pa.array(values, pa.int32() if arrow.bit_width == 32 else pa.int64()).view(arrow)
    return pa.array(values, arrow)


@st.composite
def tables(draw: st.DrawFn) -> tuple[pa.Table, pa.Table]:
    """Draw a table of what COPY reads right, and the same with columns that it does not, one of them nested."""
    rows = draw(st.integers(1, 4))

    def drawn(columns: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]]) -> dict[str, pa.Array]:
        return {
            name: array(draw(st.lists(st.none() | values, min_size=rows, max_size=rows)), arrow)
            for name, (arrow, values) in columns.items()
        }

    plain = {"id": pa.array(range(rows), pa.int64()), **drawn(PLAIN)}
    nested = draw(typed_values().filter(lambda typed: typed[0].num_fields > 0))
    return pa.table(plain), pa.table({**plain, **drawn(OTHER), **drawn({"nested": nested})})


def extreme_tables() -> tuple[pa.Table, pa.Table]:
    """Make the tables of the ends of what a column holds."""
    plain = {"id": pa.array([0, 1], pa.int64())}
    plain |= {name: array(values, PLAIN[name][0]) for name, values in EXTREMES.items()}
    nested = pa.array([[1.5, None], []], pa.list_(pa.float64()))
    return pa.table(plain), pa.table(
        {**plain, "clock": array([0, 86_400_000_000_000], pa.time64("ns")), "nested": nested}
    )


@pytest.fixture(scope="module")
def function(land: Land) -> Function:
    return land.function()


# Not made smaller where it fails: each try costs a load.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]


@settings(max_examples=6, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@example(extreme_tables())
@given(tables())
def test_both_paths_land_what_pyarrow_reads(land: Land, function: Function, drawn: tuple[pa.Table, pa.Table]) -> None:
    plain, wide = drawn
    as_is, canonical = new_dataset("plain"), new_dataset("wide")
    files = land.put(f"raw/{as_is}/a.parquet", plain), land.put(f"raw/{canonical}/a.parquet", wide)

    outcomes = function.receive(*files)

    assert [(outcome.status, outcome.load_path) for outcome in outcomes] == [
        (Status.LANDED, LoadPath.AS_IS),
        (Status.LANDED, LoadPath.CANONICAL),
    ], outcomes
    by_as_is, by_canonical = landed(land, as_is, plain.schema), landed(land, canonical, wide.schema)
    assert repr({name: by_canonical[name] for name in plain.column_names}) == repr(by_as_is)
    for name in wide.column_names:
        column = wide.column(name).combine_chunks()
        assert repr(by_canonical[name]) == repr(expected(column)), (name, column.type)


BAD = [
    (pa.array(["ok", "a\0b"]), "invalid_text", r"a\x00b"),
    (pa.array(["ok", "x" * 65_536]), "oversize_value", "of 65536 bytes"),
    (pa.array([0, -(2**60)], pa.timestamp("us", "UTC")), "value_out_of_range", "us since 1970"),
    (pa.array([["ok"], ["a\0b"]]), "invalid_text", r"a\x00b"),
]


@pytest.mark.parametrize(("values", "reason", "found"), BAD, ids=[f"{reason} {v.type}" for v, reason, _ in BAD])
def test_a_value_that_cannot_land_is_named_on_either_path(
    land: Land, function: Function, values: pa.Array, reason: str, found: str
) -> None:
    dataset = new_dataset("bad")
    file = land.put(f"raw/{dataset}/a.parquet", pa.table({"id": [1, 2], "Value": values}))

    [outcome] = function.receive(file)

    assert_rejected(land, dataset, outcome)
    assert outcome.verdict is not None
    assert (outcome.verdict.reason, outcome.verdict.column, outcome.verdict.row) == (reason, "Value", 2)
    assert found in (outcome.verdict.found or "")
    assert outcome.verdict.remedy


def assert_rejected(land: Land, dataset: str, outcome: FileOutcome) -> None:
    assert outcome.status is Status.REJECTED, outcome
    assert land.count(f"landing.{dataset}") == 0
    assert land.count(f"ledger.{dataset}") == 0
