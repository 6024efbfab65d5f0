"""VARIANT: whatever a writer encoded lands as its value, shredded or not; what is no VARIANT is a verdict."""

import contextlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.load.outcomes import Status
from ingest_lambda.read.meaning import Kind, Meaning
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.checks import BadValueError
from ingest_lambda.rewrite.nested import json_text
from ingest_lambda.rewrite.probe import probe
from ingest_lambda.rewrite.variant import MAX_DEPTH, Names, VariantError, decimal_value, decode, moment_text
from ingest_lambda.warehouse import sqltypes
from tests.land import footers
from tests.land.variants import EMPTY_NAMES, array, encode, metadata, names_of, objekt, primitive
from tests.land.warehouse import Function, Land, new_dataset, parquet

FILES = Path(__file__).with_name("files")
VARIANT = Meaning(Kind.VARIANT)
NO_NAMES = Names(EMPTY_NAMES)
ENCODED = pa.struct([("metadata", pa.binary()), ("value", pa.binary())])


@pytest.fixture(scope="module")
def function(land: Land) -> Function:
    return land.function()


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=70)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_a_value_comes_back_from_its_encoding(value: Any) -> None:
    names = names_of(value)

    assert decode(Names(metadata(names)), encode(value, names)) == value


def number(kind: int, value: int, size: int) -> bytes:
    return primitive(kind, value.to_bytes(size, "little", signed=True))


def decimal(kind: int, value: int, scale: int, size: int) -> bytes:
    return primitive(kind, bytes([scale]) + value.to_bytes(size, "little", signed=True))


MOMENT = 1_763_024_701_234_567  # microseconds since 1970
PRIMITIVES: list[tuple[bytes, Any]] = [
    (number(3, -34, 1), -34),
    (number(4, -1234, 2), -1234),
    (number(5, -12345, 4), -12345),
    (number(6, -(2**63), 8), -(2**63)),
    (primitive(7, bytes.fromhex("000000000000f07f")), "Infinity"),
    (primitive(7, bytes.fromhex("000000000000f87f")), "NaN"),
    (primitive(14, bytes.fromhex("000080ff")), "-Infinity"),
    (primitive(14, bytes.fromhex("0000c03f")), 1.5),
    (decimal(8, -250, 2, 4), -2.5),
    (decimal(9, 123_456_789_012_345_678, 1, 8), "12345678901234567.8"),
    (decimal(9, 300, 2, 8), 3),
    (decimal(10, 10**38 - 1, 0, 16), "9" * 38),
    (decimal(10, -1, 38, 16), -1e-38),
    (number(11, 20_405, 4), "2025-11-13"),
    (number(11, -719_529, 4), "-0001-12-31"),
    (number(12, MOMENT, 8), "2025-11-13T09:05:01.234567Z"),
    (number(13, MOMENT, 8), "2025-11-13T09:05:01.234567"),
    (number(18, MOMENT * 1000 + 8, 8), "2025-11-13T09:05:01.234567008Z"),
    (number(19, -1, 8), "1969-12-31T23:59:59.999999999"),
    (number(17, 86_399_999_999, 8), "23:59:59.999999"),
    (primitive(15, bytes.fromhex("02000000aa00")), "aa00"),
    (primitive(20, bytes.fromhex("c0ffee00000040008000000000000001")), "c0ffee00-0000-4000-8000-000000000001"),
]


@pytest.mark.parametrize(("encoded", "value"), PRIMITIVES, ids=[str(value) for _, value in PRIMITIVES])
def test_each_primitive_type_has_its_json(encoded: bytes, value: Any) -> None:
    assert decode(NO_NAMES, encoded) == value


@given(st.integers(-(10**38) + 1, 10**38 - 1), st.integers(0, 38))
def test_a_decimal_is_its_own_value_whatever_its_type(unscaled: int, scale: int) -> None:
    value = decimal_value(unscaled, scale)

    assert Decimal(str(value) if not isinstance(value, float) else repr(value)) == Decimal(
        (unscaled < 0, tuple(map(int, str(abs(unscaled)))), -scale)
    )
    if scale < 38:
        assert decimal_value(unscaled * 10, scale + 1) == value


@given(st.integers(-(2**59), 2**59))
def test_moments_are_written_as_those_of_other_columns(count: int) -> None:
    [written] = json_text(pa.array([[count]]).view(pa.list_(pa.timestamp("us", "UTC")))).to_pylist()

    assert json.loads(written) == [moment_text(count, 6, "Z")]


TYPED: list[tuple[pa.Array, list[Any]]] = [
    (pa.array([True, None]), [True, "rest"]),
    (pa.array([7, None], pa.int8()), [7, "rest"]),
    (pa.array([2**63 - 1, None]), [2**63 - 1, "rest"]),
    (pa.array([float("nan"), None]), ["NaN", "rest"]),
    (pa.array([Decimal("2.50"), None], pa.decimal128(30, 2)), [2.5, "rest"]),
    (pa.array([MOMENT, None], pa.timestamp("us", "UTC")), ["2025-11-13T09:05:01.234567Z", "rest"]),
    (pa.array(["a", None]), ["a", "rest"]),
    (pa.array([b"\xaa", None]), ["aa", "rest"]),
    (
        pa.array([[{"value": primitive(0), "typed_value": None}, {"value": None, "typed_value": 1}], None]),
        [[None, 1], "rest"],
    ),
    (pa.array([[{"value": primitive(1)}], None]), [[True], "rest"]),
    (
        pa.array([{"a": {"value": None, "typed_value": 1}, "b": {"value": None, "typed_value": None}}, None]),
        [{"a": 1}, "rest"],
    ),
    (
        pa.array(
            [{"a": {"value": primitive(0), "typed_value": None}}, None],
            pa.struct([("a", pa.struct([("value", pa.binary()), ("typed_value", pa.int64())]))]),
        ),
        [{"a": None}, "rest"],
    ),
]


@pytest.mark.parametrize(("typed", "values"), TYPED, ids=[str(typed.type) for typed, _ in TYPED])
def test_what_is_shredded_lands_as_if_it_were_not(typed: pa.Array, values: list[Any]) -> None:
    """The second row's value is not of the type that the column was shredded to; the third has none, which is null."""
    typed = pa.concat_arrays([typed, pa.nulls(2, typed.type)])
    value = pa.array([None, encode("rest", []), None, None], pa.binary())
    mask = pa.array([False, False, False, True])
    group = pa.StructArray.from_arrays(
        [pa.array([EMPTY_NAMES] * 4), value, typed], ["metadata", "value", "typed_value"], mask=mask
    )

    assert [one and json.loads(one) for one in json_text(group, VARIANT).to_pylist()] == [*values, None, None]
    assert json_text(group, VARIANT).to_pylist()[2:] == [b"null", None]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.none() | st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES), min_size=1, max_size=5))
def test_an_object_is_the_same_shredded_in_part(values: list[dict[str, Any] | None]) -> None:
    field = pa.struct([("value", pa.binary()), ("typed_value", pa.int64())])
    group = pa.struct([("metadata", pa.binary()), ("value", pa.binary()), ("typed_value", pa.struct([("a", field)]))])
    rows: list[dict[str, Any] | None] = []
    for value in values:
        if value is None:
            rows.append(None)
            continue
        names = names_of(value)
        rest = {name: child for name, child in value.items() if name != "a"}
        is_long = isinstance(value.get("a"), int) and not isinstance(value.get("a"), bool)
        shredded = {
            "value": encode(value["a"], names) if "a" in value and not is_long else None,
            "typed_value": value.get("a") if is_long else None,
        }
        rows.append(
            {
                "metadata": metadata(names),
                "value": encode(rest, names) if rest else None,
                "typed_value": {"a": shredded},
            }
        )

    found = json_text(pa.array(rows, group), VARIANT).to_pylist()

    assert [None if one is None else json.loads(one) for one in found] == values


def conflicting(value: bytes, typed: pa.Array) -> pa.Array:
    names = ["metadata", "value", "typed_value"]
    return pa.StructArray.from_arrays([pa.array([metadata(["a"])]), pa.array([value]), typed], names)


FIELD = {"value": None, "typed_value": 1}
MALFORMED: list[tuple[str, pa.Array, Reason]] = [
    ("no bytes", pa.array([{"metadata": EMPTY_NAMES, "value": b""}], ENCODED), Reason.MALFORMED_VARIANT),
    ("no metadata", pa.array([{"metadata": None, "value": primitive(1)}], ENCODED), Reason.MALFORMED_VARIANT),
    (
        "another version",
        pa.array([{"metadata": b"\x02\0\0", "value": primitive(1)}], ENCODED),
        Reason.MALFORMED_VARIANT,
    ),
    (
        "a type that is not known",
        pa.array([{"metadata": EMPTY_NAMES, "value": primitive(21)}], ENCODED),
        Reason.MALFORMED_VARIANT,
    ),
    (
        "a cut number",
        pa.array([{"metadata": EMPTY_NAMES, "value": number(6, 1, 8)[:5]}], ENCODED),
        Reason.MALFORMED_VARIANT,
    ),
    (
        "a name that is not there",
        pa.array([{"metadata": EMPTY_NAMES, "value": objekt([7], [primitive(1)])}], ENCODED),
        Reason.MALFORMED_VARIANT,
    ),
    (
        "a field twice",
        pa.array([{"metadata": metadata(["a", "a"]), "value": objekt([0, 1], [primitive(1)] * 2)}], ENCODED),
        Reason.MALFORMED_VARIANT,
    ),
    ("text with NUL", pa.array([{"metadata": EMPTY_NAMES, "value": encode("a\0", [])}], ENCODED), Reason.INVALID_TEXT),
    ("text not UTF-8", pa.array([{"metadata": EMPTY_NAMES, "value": b"\x05\xff"}], ENCODED), Reason.INVALID_TEXT),
    (
        "long text",
        pa.array([{"metadata": EMPTY_NAMES, "value": encode("a" * 65_536, [])}], ENCODED),
        Reason.OVERSIZE_VALUE,
    ),
    (
        "a year beyond",
        pa.array([{"metadata": EMPTY_NAMES, "value": number(12, 2**63 - 1, 8)}], ENCODED),
        Reason.VALUE_OUT_OF_RANGE,
    ),
    ("given twice", conflicting(primitive(1), pa.array([1])), Reason.MALFORMED_VARIANT),
    (
        "a field given twice",
        conflicting(objekt([0], [primitive(1)]), pa.array([{"a": FIELD}])),
        Reason.MALFORMED_VARIANT,
    ),
    (
        "an object beside its columns",
        conflicting(
            objekt([0], [primitive(1)]), pa.array([None], pa.struct([("a", pa.struct([("value", pa.binary())]))]))
        ),
        Reason.MALFORMED_VARIANT,
    ),
]


@pytest.mark.parametrize(("column", "reason"), [case[1:] for case in MALFORMED], ids=[case[0] for case in MALFORMED])
def test_the_row_of_a_malformed_value_is_named(column: pa.Array, reason: Reason) -> None:
    good = pa.nulls(3, column.type)

    with pytest.raises(BadValueError) as caught:
        json_text(pa.concat_arrays([good, column]), VARIANT)

    assert (caught.value.reason, caught.value.index) == (reason, 3)


def test_nesting_is_bounded_before_the_stack_is() -> None:
    def nested(depth: int) -> bytes:
        value = primitive(1)
        for _ in range(depth):
            value = array([value])
        return value

    deepest = pa.array([{"metadata": EMPTY_NAMES, "value": nested(MAX_DEPTH)}], ENCODED)
    assert json_text(deepest, VARIANT).to_pylist() == [b"[" * MAX_DEPTH + b"true" + b"]" * MAX_DEPTH]
    with pytest.raises(VariantError, match="nested more than"):
        decode(NO_NAMES, nested(MAX_DEPTH + 1))


def test_offsets_that_share_a_place_unfold_to_no_more_than_a_super_holds() -> None:
    """Ten arrays of a hundred elements that are all the next one: 10^20 values in four kilobytes."""
    value = encode("x" * 1000, [])
    for _ in range(10):
        offsets = bytes(4 * 100) + len(value).to_bytes(4, "little")
        value = bytes([(3 | 4) << 2 | 3]) + (100).to_bytes(4, "little") + offsets + value

    with pytest.raises(VariantError) as caught:
        decode(NO_NAMES, value)
    assert caught.value.reason is Reason.OVERSIZE_VALUE


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_bytes_do_more_than_be_refused(names: bytes, value: bytes) -> None:
    with contextlib.suppress(VariantError):
        decode(Names(b"\x01" + names), value)


@given(st.data())
def test_a_damaged_value_is_read_or_refused(data: st.DataObject) -> None:
    value = data.draw(VALUES)
    names = names_of(value)
    encoded = bytearray(encode(value, names))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))

    with contextlib.suppress(VariantError):
        assert len(json.dumps(decode(Names(metadata(names)), bytes(encoded)))) < 8 * sqltypes.MAX_VARBYTE


WRITTEN: dict[str, list[dict[str, Any]]] = {
    "spark_variant": [
        {
            "id": 1,
            "item": {"a": 1, "b": [1, 2.5, "x", None], "day": "2025-11-13"},
            "inner": {"x": 42},
            "many": [1, "y"],
            "by_name": {"k": True},
        },
        {"id": 2, "item": None, "inner": None, "many": None, "by_name": None},
        {"id": 3, "item": None, "inner": {"x": None}, "many": [], "by_name": {}},
    ],
    "duckdb_variant": [
        {"id": 1, "item": {"a": 1, "b": "x"}, "plain": 42},
        {"id": 2, "item": {"a": 2, "b": "y"}, "plain": None},
        {"id": 3, "item": None, "plain": 7},
        {"id": 4, "item": 5, "plain": 8},
    ],
}
WRITTEN["spark_variant_unannotated"] = WRITTEN["spark_variant"]  # as Spark 4.0 and 4.1 do it


@pytest.mark.parametrize("writer", WRITTEN)
def test_what_a_writer_encodes_lands_as_its_value(land: Land, function: Function, writer: str) -> None:
    dataset = new_dataset(writer)
    file = land.put(f"raw/{dataset}/a.parquet", (FILES / f"{writer}.parquet").read_bytes())
    [outcome] = function.receive(file)

    assert outcome.status is Status.LANDED
    names = [name for name in WRITTEN[writer][0] if name != "id"]
    listed = ", ".join(f'"{name}"' for name in names)
    rows = land.rows(f"select id, {listed} from landing.{dataset} order by id")  # noqa: S608 - our own names
    found = [
        {name: value if name == "id" or value is None else json.loads(value) for name, value in row.items()}
        for row in rows
    ]
    assert found == WRITTEN[writer]
    assert probe(land.client("s3"), [file]) == {file.file_id: None}


def variant_file(*values: bytes) -> bytes:
    column = pa.array([{"metadata": EMPTY_NAMES, "value": value} for value in values], ENCODED)
    table = pa.table({"id": range(len(values)), "item": column})
    return footers.annotated(parquet(table, store_schema=False), "item", footers.VARIANT)


def test_a_null_within_is_told_from_no_value(land: Land, function: Function) -> None:
    dataset = new_dataset("variant")
    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", variant_file(primitive(0), encode("x", []))))

    assert outcome.status is Status.LANDED
    rows = land.rows(f"select json_serialize(item) as item from landing.{dataset} order by id")  # noqa: S608 - our own
    assert [row["item"] for row in rows] == ["null", '"x"']


def test_a_malformed_value_in_a_file_is_named_with_its_row(land: Land, function: Function) -> None:
    dataset = new_dataset("variant")
    file = land.put(f"raw/{dataset}/a.parquet", variant_file(primitive(1), primitive(2), primitive(63)))
    [outcome] = function.receive(file)

    assert outcome.verdict is not None
    told = outcome.verdict
    assert (told.reason, told.column, told.row, told.found) == (
        Reason.MALFORMED_VARIANT,
        "item",
        3,
        "a value of type 63, which is not known",
    )
    assert land.count(f"landing.{dataset}") == 0
    found = probe(land.client("s3"), [file])[file.file_id]
    assert isinstance(found, RejectedFileError)
    assert (found.reason, found.row) == (Reason.MALFORMED_VARIANT, 3)


def test_a_variant_of_other_fields_is_named(land: Land, function: Function) -> None:
    table = pa.table({"id": [1], "item": [{"value": b"\0", "meta": b"\1"}]})
    content = footers.annotated(parquet(table, store_schema=False), "item", footers.VARIANT)
    dataset = new_dataset("variant")
    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", content))

    assert outcome.verdict is not None
    assert (outcome.verdict.reason, outcome.verdict.column) == (Reason.MALFORMED_VARIANT, "item")
    assert outcome.verdict.found == "value BYTE_ARRAY, meta BYTE_ARRAY"
