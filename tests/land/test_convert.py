"""CSV and JSON: datasets that declare them take such files, value by value as the contract says; others ignore them."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import json
import math
import struct
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.judge.paths import LoadPath
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.checks import BadValueError
from ingest_lambda.rewrite.texts import convert_text
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import SqlType, decimal
from scripts.contracts import from_document
from tests.land.warehouse import Function, Land, new_dataset

DECLARED = {
    "formats": ["csv", "json"],
    "columns": [
        {"name": name, "data_type": data_type}
        for name, data_type in {
            "id": "bigint",
            "amount": "decimal(18,2)",
            "ratio": "double precision",
            "is_open": "boolean",
            "day": "date",
            "at": "timestamp",
            "note": "varchar",
            "item": "super",
        }.items()
    ],
}
CSV = """\
Id,amount,ratio,is_open,day,at,note,item,extra
1,12.30,1.5,true,2025-11-13,2025-11-13T09:05:01.234567+02:00,"a, ""b""
c","{""Price"": 1.50}",x
2,,,,,,"",,
"""
RECORDS = [
    {
        "Id": 1,
        "amount": "AMOUNT",
        "ratio": 1.5,
        "is_open": True,
        "day": "2025-11-13",
        "at": "2025-11-13T07:05:01.234567Z",
        "note": 'a, "b"\nc',
        "item": {"Price": "PRICE"},
        "extra": "x",
    },
    {"Id": 2, "note": "", "item": None},
]
LINES = "\n".join(map(json.dumps, RECORDS)).replace('"AMOUNT"', "12.30").replace('"PRICE"', "1.50")
ARRAY = "[\n" + LINES.replace("\n", ",\n") + "\n]"
ROWS = [
    [1, "12.30", 1.5, True, "2025-11-13", "2025-11-13 07:05:01.234567", 'a, "b"\nc', '{"Price":1.50}', "x"],
    [2, None, None, None, None, None, "", None, None],
]


@pytest.fixture
def dataset(land: Land) -> str:
    """Declare a dataset that takes text."""
    name = new_dataset("text")
    land.contracts[name] = parse_contract(DECLARED)
    return name


def receive(land: Land, key: str, body: str, function: Function | None = None, count: int = 1) -> FileOutcome:
    """Let a file land."""
    [outcome] = (function or land.function()).receive(land.put(key, body.encode()), receive_count=count)
    return outcome


@pytest.mark.parametrize(("extension", "body"), [("csv", CSV), ("ndjson", LINES), ("json", ARRAY), ("JSON", LINES)])
def test_a_text_lands_as_the_contract_says(land: Land, dataset: str, extension: str, body: str) -> None:
    outcome = receive(land, f"raw/{dataset}/a.{extension}", body)

    assert (outcome.status, outcome.rows, outcome.load_path) == (Status.LANDED, 2, LoadPath.CANONICAL), outcome
    names = "id, amount, ratio, is_open, day, at, note, item, extra"
    rows = land.rows(f"select {names} from landing.{dataset} order by id")
    assert [list(row.values()) for row in rows] == ROWS
    [ledger] = land.rows(f'select "key", row_count from ledger.{dataset}')
    assert ledger == {"key": f"raw/{dataset}/a.{extension}", "row_count": 2}


def test_a_text_and_a_parquet_file_land_together_and_once(land: Land, dataset: str) -> None:
    function = land.function()
    text = land.put(f"raw/{dataset}/a.csv", b"id,note\n1,a\n")
    parquet = land.put(f"raw/{dataset}/b.parquet", pa.table({"note": ["b"], "id": [2]}))

    outcomes = function.receive(text, parquet)
    again = receive(land, f"raw/{dataset}/c.csv", "id,note\n3,c\n", function, count=2)

    assert [outcome.status for outcome in [*outcomes, again]] == [Status.LANDED] * 3
    assert function.receive(text)[0].status is Status.DUPLICATE
    assert len({outcome.load_id for outcome in outcomes}) == 1
    rows = land.rows(f"select id, note from landing.{dataset} order by id")
    assert [tuple(row.values()) for row in rows] == [(1, "a"), (2, "b"), (3, "c")]


def test_an_empty_array_is_a_file_of_no_rows(land: Land, dataset: str) -> None:
    for name in (dataset, new_dataset("undeclared")):
        land.contracts.setdefault(name, parse_contract({"formats": ["json"]}))
        outcome = receive(land, f"raw/{name}/a.json", "[]\n")

        assert (outcome.status, outcome.rows) == (Status.LANDED, 0), outcome
        assert land.count(f"ledger.{name}") == 1
        assert receive(land, f"raw/{name}/b.json", '[{"id": 1}]').rows == 1


BAD = [
    ("csv", "id,note\n1,a\nx,b\n", "invalid_value", "id", 2, "x"),
    ("csv", "id,note\n1,a\n2,b,c\n", "unreadable_data", None, 2, "2,b,c"),
    ("csv", "id,note\n1,a\n2,b\0\n", "invalid_text", "note", 2, "b"),
    ("csv", "id,item\n1,{}\n2,{\n", "invalid_value", "item", 2, "{"),
    ("json", '[{"id": 1}, {"id": 1.5}]', "invalid_value", "id", 2, "1.5"),
    ("json", '{"id": 1}\n{"id": 2', "unreadable_data", None, 2, '{"id": 2'),
    ("json", '{"id": 1}\n[2]\n3', "unreadable_data", None, 2, "2]"),
    ("json", '{"id": 1, "id": 2}', "unreadable_data", None, 1, '{"id"'),
    ("json", '{"id": NaN}', "unreadable_data", None, 1, "NaN"),
    ("json", '[{"id": 1}, {"id": 2}', "unreadable_data", None, 3, ""),
    ("json", '[{"id": 1} {"id": 2}]', "unreadable_data", None, 2, '{"id": 2}'),
    ("json", '[{"id": 1}]\n{"id": 2}', "unreadable_data", None, 2, '{"id": 2}'),
    ("json", '{"id": 1},\n{"id": 2}', "unreadable_data", None, 2, ","),
    ("json", '[[{"id": 1}]]', "unreadable_data", None, 1, '[{"id": 1}]'),
    ("json", " \n", "empty_file", None, None, ""),
    ("csv", 'id,note\n1,a\n2,"b\n3,c\n', "unreadable_data", None, 2, "b"),
    ("csv", 'id,note\n1,a\n"2,b\n3,c\n', "unreadable_data", None, 2, ""),
    ("json", "", "empty_file", None, None, "0 bytes"),
    ("csv", "Id,ID\n1,2\n", "duplicate_column", "Id", None, "ID"),
]


@pytest.mark.parametrize(
    ("extension", "body", "reason", "column", "row", "found"), BAD, ids=[f"{e} {b!r}" for e, b, *_ in BAD]
)
def test_what_is_no_such_text_is_rejected_with_row_and_value(
    land: Land, dataset: str, extension: str, body: str, reason: str, column: str | None, row: int | None, found: str
) -> None:
    outcome = receive(land, f"raw/{dataset}/a.{extension}", body)

    assert outcome.status is Status.REJECTED, outcome
    assert outcome.verdict is not None
    assert (outcome.verdict.reason, outcome.verdict.column, outcome.verdict.row) == (reason, column, row)
    assert found in (outcome.verdict.found or "")
    could_be_text = reason == "invalid_value" and column == "id"
    assert (
        f"landfall evolve {dataset} id 'VARCHAR(65535)', declare data_type: varchar" in outcome.verdict.remedy
    ) == could_be_text
    assert land.count(f"landing.{dataset}") == 0
    assert land.count(f"ledger.{dataset}") == 0


def test_a_dataset_that_declares_no_text_ignores_it(land: Land) -> None:
    name = new_dataset("parquet_only")
    land.contracts[name] = Contract()

    outcomes = [receive(land, f"raw/{name}/a.{extension}", "id\n1\n") for extension in ("csv", "json", "txt")]

    assert [outcome.status for outcome in outcomes] == [Status.IGNORED] * 3
    assert land.count(f"landing.{name}") == 0


def test_the_source_yaml_says_which_formats_a_dataset_takes() -> None:
    def declare(formats: Any) -> Any:
        table = {"name": "orders", "config": {"meta": {"formats": formats}}}
        return from_document({"sources": [{"name": "landing", "tables": [table]}]})["orders"]

    assert parse_contract(declare(["csv"])).formats == {"csv"}
    assert parse_contract(declare([])).formats == frozenset()
    with pytest.raises(ValueError, match="formats"):
        declare(["xlsx"])


def test_the_source_yaml_says_whether_values_may_be_shown() -> None:
    def declare(**meta: Any) -> Any:
        table = {"name": "orders", "config": {"meta": meta}}
        return from_document({"sources": [{"name": "landing", "tables": [table]}]})["orders"]

    assert parse_contract(declare(sensitive=True)).sensitive
    assert not parse_contract(declare()).sensitive


TEXTS: list[tuple[SqlType, list[str], list[Any], str]] = [
    (sqltypes.SMALLINT, ["-32768", "7"], [-32768, 7], "32768"),
    (decimal(5, 2), ["1.5", "-999.99"], [Decimal("1.50"), Decimal("-999.99")], "1.234"),
    (sqltypes.REAL, ["1.5", "-inf"], [1.5, float("-inf")], "one"),
    (sqltypes.BOOLEAN, ["true", "0"], [True, False], "yes"),
    (sqltypes.VARBYTE, ["00ff", ""], [b"\x00\xff", b""], "0g"),
    (sqltypes.TIME, ["23:59:59.5", "00:00:00"], ["23:59:59.500000", "00:00:00.000000"], "25:00:00"),
    (sqltypes.SUPER, ['{"a":[1]}', "null"], [b'{"a":[1]}', b"null"], '["\\u0000"]'),
]


@pytest.mark.parametrize(("landing", "texts", "values", "bad"), TEXTS, ids=[str(landing) for landing, *_ in TEXTS])
def test_a_text_is_a_value_of_its_type_or_named(
    landing: SqlType, texts: list[str], values: list[Any], bad: str
) -> None:
    def array(*said: str | None) -> pa.Array:
        return pa.array([None if one is None else one.encode() for one in said], pa.binary())

    assert convert_text(array(*texts, None), landing).values.to_pylist() == [*values, None]
    with pytest.raises(BadValueError) as caught:
        convert_text(array(None, *texts, bad), landing)
    assert caught.value.index == 3
    assert bad[:3] in caught.value.found


# A text, and the number that lands of it; None where it is refused
NUMBERS: list[tuple[SqlType, str, float | None]] = [
    (sqltypes.BIGINT, "007", 7),
    (sqltypes.BIGINT, "0x10", None),
    (sqltypes.SMALLINT, "0X1A", None),
    (sqltypes.INTEGER, "-0x1", None),
    (sqltypes.DOUBLE, "0.1", 0.1),
    (sqltypes.DOUBLE, "0.30000000000000004", 0.1 + 0.2),
    (sqltypes.DOUBLE, "1.000000000000000055e-01", 0.1),
    (sqltypes.DOUBLE, "3.141592653589793238", None),
    (sqltypes.DOUBLE, "19.990000000000000000", 19.99),  # as a DECIMAL of 18 places is written
    (sqltypes.DOUBLE, "9007199254740992", 2.0**53),
    (sqltypes.DOUBLE, "9007199254740993", None),
    (sqltypes.DOUBLE, "1.7976931348623157e308", 1.7976931348623157e308),
    (sqltypes.DOUBLE, "1e400", None),
    (sqltypes.DOUBLE, "-1e400", None),
    (sqltypes.DOUBLE, "-Infinity", -math.inf),
    (sqltypes.DOUBLE, "5e-324", 5e-324),
    (sqltypes.DOUBLE, "1.23456789e-320", None),
    (sqltypes.DOUBLE, "1e-400", None),
    (sqltypes.DOUBLE, "1e-99999999999999999999", None),
    (sqltypes.DOUBLE, "0.000", 0.0),
    (sqltypes.DOUBLE, "-0e5", -0.0),
    (sqltypes.REAL, "0.1", struct.unpack("<f", struct.pack("<f", 0.1))[0]),
    (sqltypes.REAL, "16777216", 2.0**24),
    (sqltypes.REAL, "16777217", None),
    (sqltypes.REAL, "0.123456789", None),
    (sqltypes.REAL, "1e39", None),
    (sqltypes.REAL, "inf", math.inf),
    (sqltypes.REAL, "1e-46", None),
]


@pytest.mark.parametrize(("landing", "written", "number"), NUMBERS, ids=[f"{a} {b}" for a, b, _ in NUMBERS])
def test_a_number_lands_with_the_digits_that_are_written_or_not_at_all(
    landing: SqlType, written: str, number: float | None
) -> None:
    texts = pa.array([b"1", None, written.encode()])
    if number is not None:
        assert [repr(value) for value in convert_text(texts, landing).values.to_pylist()[1:]] == ["None", repr(number)]
        return
    with pytest.raises(BadValueError) as caught:
        convert_text(texts, landing)
    assert (caught.value.reason, caught.value.index) == (Reason.INVALID_VALUE, 2)
    assert caught.value.found == written


def test_a_text_that_says_no_number_is_one_of_a_floating_point_column() -> None:
    assert math.isnan(convert_text(pa.array([b"NaN"]), sqltypes.DOUBLE).values[0].as_py())


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 20))
def test_whatever_a_program_writes_of_a_double_is_that_double_or_refused(number: float, digits: int) -> None:
    for said in (repr(number), f"{number:.17g}", f"{number:.18e}"):
        assert convert_text(pa.array([said.encode()]), sqltypes.DOUBLE).values[0].as_py() == number
    written = Decimal(f"{number:.{digits}g}")
    nearest = float(written)
    unit = Fraction(10) ** int(written.as_tuple().exponent)
    try:
        [found] = convert_text(pa.array([str(written).encode()]), sqltypes.DOUBLE).values.to_pylist()
    except BadValueError:
        assert math.isinf(nearest) or abs(Fraction(nearest) - Fraction(written)) >= unit
    else:
        assert found == nearest
        assert abs(Fraction(nearest) - Fraction(written)) < unit
