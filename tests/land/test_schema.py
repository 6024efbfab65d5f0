"""Types: what each parquet type lands as, and which of them COPY reads right."""

import io
from itertools import permutations
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.read import columns
from ingest_lambda.read.footer import parse_footer
from ingest_lambda.read.schema import FileColumn, Obstacle, fingerprint
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import SqlType, decimal, fits, parse_type
from tests.land.warehouse import parquet

TYPE, NESTED, NANOSECONDS = Obstacle.TYPE, Obstacle.NESTED, Obstacle.NANOSECONDS

TYPES: list[tuple[pa.DataType, str, Obstacle | None]] = [
    (pa.bool_(), "BOOLEAN", None),
    (pa.int8(), "SMALLINT", None),
    (pa.uint8(), "SMALLINT", None),
    (pa.int16(), "SMALLINT", None),
    (pa.uint16(), "INTEGER", None),
    (pa.int32(), "INTEGER", None),
    (pa.uint32(), "BIGINT", TYPE),
    (pa.int64(), "BIGINT", None),
    (pa.uint64(), "DECIMAL(20,0)", TYPE),
    (pa.float16(), "REAL", TYPE),
    (pa.float32(), "REAL", None),
    (pa.float64(), "DOUBLE PRECISION", None),
    (pa.decimal128(18, 2), "DECIMAL(18,2)", None),
    (pa.decimal128(38, 37), "DECIMAL(38,37)", None),
    (pa.decimal128(38, 38), "DECIMAL(38,37)", TYPE),
    (pa.decimal256(39, 2), "DECIMAL(38,2)", TYPE),
    (pa.decimal64(10, 2), "DECIMAL(10,2)", None),
    (pa.string(), "VARCHAR(65535)", None),
    (pa.large_string(), "VARCHAR(65535)", None),
    (pa.string_view(), "VARCHAR(65535)", None),
    (pa.dictionary(pa.int8(), pa.string()), "VARCHAR(65535)", None),
    (pa.dictionary(pa.int8(), pa.int64()), "BIGINT", None),
    (pa.json_(), "VARCHAR(65535)", None),
    (pa.null(), "VARCHAR(65535)", TYPE),
    (pa.binary(), "VARBYTE(1024000)", None),
    (pa.large_binary(), "VARBYTE(1024000)", None),
    (pa.binary(4), "VARBYTE(1024000)", TYPE),
    (pa.binary_view(), "VARBYTE(1024000)", None),
    (pa.uuid(), "VARCHAR(65535)", TYPE),
    (pa.date32(), "DATE", None),
    (pa.date64(), "DATE", None),
    (pa.timestamp("s"), "TIMESTAMP", None),
    (pa.timestamp("ms"), "TIMESTAMP", None),
    (pa.timestamp("us"), "TIMESTAMP", None),
    (pa.timestamp("us", "UTC"), "TIMESTAMP", None),
    (pa.timestamp("us", "Europe/Berlin"), "TIMESTAMP", None),
    (pa.timestamp("ns"), "TIMESTAMP", NANOSECONDS),
    (pa.timestamp("ns", "UTC"), "TIMESTAMP", NANOSECONDS),
    (pa.time32("ms"), "TIME", TYPE),
    (pa.time64("us"), "TIME", TYPE),
    (pa.duration("us"), "BIGINT", TYPE),
    (pa.dictionary(pa.int8(), pa.timestamp("ns")), "TIMESTAMP", NANOSECONDS),
    (pa.list_(pa.int32()), "SUPER", NESTED),
    (pa.struct([("a", pa.int32()), ("b", pa.string())]), "SUPER", NESTED),
    (pa.map_(pa.string(), pa.int32()), "SUPER", NESTED),
    (pa.large_list(pa.int32()), "SUPER", NESTED),
    (pa.list_view(pa.int32()), "SUPER", NESTED),
    (pa.list_(pa.int32(), 2), "SUPER", NESTED),
    (pa.fixed_shape_tensor(pa.int32(), [2]), "SUPER", NESTED),
    (pa.struct([("a", pa.int32()), ("a", pa.string())]), "None", NESTED),
    (pa.list_(pa.struct([("a", pa.int32()), ("a", pa.string())])), "None", NESTED),
]


def columns_of(schema: pa.Schema, **options: Any) -> tuple[FileColumn, ...]:
    sink = io.BytesIO()
    pq.write_table(schema.empty_table(), sink, **options)
    body = sink.getvalue()
    return parse_footer(body, len(body)).columns


@pytest.mark.parametrize(("arrow", "sql", "obstacle"), TYPES, ids=[str(arrow) for arrow, _, _ in TYPES])
def test_a_type_lands_as(arrow: pa.DataType, sql: str, obstacle: Obstacle | None) -> None:
    before, column, after = columns_of(pa.schema([("a", pa.int64()), ("b", arrow), ("c", pa.string())]))

    assert (str(column.type), column.obstacle) == (sql, obstacle)
    assert (str(before.type), str(after.type)) == ("BIGINT", "VARCHAR(65535)")


def test_int96_timestamps_are_read_right_whatever_their_unit() -> None:
    [column] = columns_of(pa.schema([("at", pa.timestamp("ns"))]), use_deprecated_int96_timestamps=True)

    assert (column.type, column.obstacle) == (sqltypes.TIMESTAMP, None)


def test_a_duration_is_not_taken_for_the_integer_that_stores_it() -> None:
    [column] = columns_of(pa.schema([("took", pa.duration("ms"))]))

    assert column.obstacle is Obstacle.TYPE
    assert "duration" in column.found


def test_only_a_column_of_the_null_type_is_void() -> None:
    schema = pa.schema([("nothing", pa.null()), ("integer", pa.int32())])

    assert [column.is_void for column in columns_of(schema)] == [True, False]


def test_the_fingerprint_is_that_of_names_types_and_their_order() -> None:
    one, two = pa.schema([("a", pa.int64()), ("b", pa.string())]), pa.schema([("b", pa.string()), ("a", pa.int64())])

    assert fingerprint(columns_of(one)) == fingerprint(columns_of(one, compression="zstd"))
    assert fingerprint(columns_of(one)) != fingerprint(columns_of(two))


SQL_TYPES = st.sampled_from(
    [
        sqltypes.BOOLEAN,
        sqltypes.SMALLINT,
        sqltypes.INTEGER,
        sqltypes.BIGINT,
        sqltypes.REAL,
        sqltypes.DOUBLE,
        sqltypes.DATE,
        sqltypes.TIMESTAMP,
        sqltypes.VARCHAR,
        sqltypes.VARBYTE,
        SqlType("VARCHAR", (10,)),
    ]
) | st.tuples(st.integers(1, 38), st.integers(0, 38)).filter(lambda t: t[1] <= t[0]).map(lambda t: decimal(*t))


@given(SQL_TYPES, SQL_TYPES, SQL_TYPES)
def test_fitting_is_a_partial_order(one: SqlType, two: SqlType, three: SqlType) -> None:
    assert fits(one, one)
    if fits(one, two) and fits(two, one):
        assert one == two
    if fits(one, two) and fits(two, three):
        assert fits(one, three)


@given(SQL_TYPES)
def test_a_type_reads_back_as_it_is_spelt(type_: SqlType) -> None:
    assert parse_type(str(type_)) == type_


@pytest.mark.parametrize("text", ["", "json", "varchar(", "varchar(a)", "int[]", "decimal(1,2,3)"])
def test_a_text_that_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a type"):
        parse_type(text)


SCHEMAS_LIKE_OTHERS: list[tuple[pa.DataType, dict[str, Any]]] = [
    *((arrow, {}) for arrow in (pa.int8(), pa.uint8(), pa.int16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64())),
    *((pa.timestamp(unit, zone), {}) for unit in ("ms", "us", "ns") for zone in (None, "UTC")),
    *((pa.decimal128(precision, scale), {}) for precision, scale in ((9, 2), (9, 3), (10, 2), (38, 2))),
    (pa.time32("ms"), {}),
    (pa.date32(), {}),
    (pa.string(), {}),
    (pa.binary(), {}),
    (pa.binary(16), {}),
    (pa.uuid(), {}),
    (pa.duration("us"), {}),
    (pa.timestamp("s"), {}),
    (pa.timestamp("us"), {"use_deprecated_int96_timestamps": True}),
    (pa.list_(pa.int32()), {}),
    (pa.list_(pa.int64()), {}),
    (pa.map_(pa.string(), pa.int32()), {}),
    (pa.struct({"b": pa.int32()}), {}),
    (pa.struct({"c": pa.int32()}), {}),
    (pa.struct({"c": pa.string()}), {}),
    *((pa.struct({name: pa.struct({"c": pa.int32()})}), {}) for name in ("b", "d")),
]


@pytest.mark.parametrize("store_schema", [True, False], ids=["with the writer's own", "as parquet alone has it"])
def test_a_schema_is_not_taken_for_one_that_is_like_it(monkeypatch: pytest.MonkeyPatch, *, store_schema: bool) -> None:
    def parsed(*files: bytes) -> list[Any]:
        monkeypatch.setattr(columns, "_SCHEMAS", columns._Schemas())  # which has seen none
        return [parse_footer(file, len(file)) for file in files]

    tables = [(pa.table({"a": pa.nulls(1, arrow)}), options) for arrow, options in SCHEMAS_LIKE_OTHERS]
    of_spark = pa.table({"a": pa.nulls(1, pa.date32())}).replace_schema_metadata({"org.apache.spark.version": "2.4.0"})
    files = [parquet(table, **options, store_schema=store_schema) for table, options in [*tables, (of_spark, {})]]
    expected = [parsed(file)[0] for file in files]

    for one, other in permutations(range(len(files)), 2):
        assert parsed(files[one], files[other]) == [expected[one], expected[other]]
    assert parsed(*files, *files[-columns.SCHEMAS_KEPT :]) == [*expected, *expected[-columns.SCHEMAS_KEPT :]]


def test_a_file_is_judged_by_its_own_values_though_its_schema_is_known() -> None:
    days = pa.array([0, 200_000_000], pa.int32()).cast(pa.date32())
    within, beyond, empty = (parquet(pa.table({"day": some})) for some in (days[:1], days, pa.nulls(2, pa.date32())))

    found = [parse_footer(file, len(file)).columns[0] for file in (within, beyond, empty, within)]

    assert [column.obstacle for column in found] == [None, Obstacle.RANGE, None, None]
    assert [column.has_values for column in found] == [True, True, False, True]
