"""Values count, not only types: NULLs fit any column and fix none, and a number lands where it is held exactly."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from collections import Counter
from datetime import UTC, datetime
from decimal import Context, Decimal
from itertools import cycle, pairwise
from struct import pack, unpack
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest_lambda.errors import CatalogChangedError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import parse_contract
from ingest_lambda.judge.widening import FLOATING
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.read.footer import Inspected, parse_footer
from ingest_lambda.read.metadata import read_metadata
from ingest_lambda.read.presence import with_known_values
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.checks import BadValueError
from ingest_lambda.rewrite.values import convert
from ingest_lambda.warehouse import ddl, sqltypes, statements
from ingest_lambda.warehouse.catalog import read_columns
from ingest_lambda.warehouse.sqltypes import DOUBLE, REAL, SqlType, decimal
from ingest_lambda.warehouse.statements import Widening
from tests.land.test_batches import RecordingDataApi, counted_requests
from tests.land.test_schema_change import columns_of
from tests.land.test_values import PHASES
from tests.land.warehouse import Function, Land, new_dataset, parquet

BOTH_PATHS = pytest.mark.parametrize("files", [1, 2], ids=["alone", "together"])
LARGEST = 2**53
LARGEST_OF = {pa.float32(): 2**24}


def land_copies(land: Land, function: Function, dataset: str, files: int, column: pa.Array, **options: Any) -> None:
    """Land a column n, as one file or as several of them together."""
    outcomes = receive_copies(land, function, dataset, files, column, **options)
    assert {outcome.status for outcome in outcomes} == {Status.LANDED}, outcomes


def receive_copies(
    land: Land, function: Function, dataset: str, files: int, column: pa.Array, **options: Any
) -> list[FileOutcome]:
    names = [f"raw/{dataset}/{new_dataset('file')}.parquet" for _ in range(files)]
    return function.receive(*(land.put(name, pa.table({"n": column}), **options) for name in names))


def values_of(land: Land, dataset: str) -> list[Any]:
    """Read the column n in the order in which its rows came."""
    return [row["n"] for row in land.rows(f"select n from landing.{dataset} order by _load_seq, n")]


@BOTH_PATHS
@pytest.mark.parametrize(
    ("first", "second", "type_"),
    [
        (pa.array([1], pa.int64()), pa.array([2.0, None, -float(LARGEST)]), "BIGINT"),
        (pa.array([1], pa.int32()), pa.array([2.0, None, float(2**31 - 1)]), "INTEGER"),
        (pa.array([1], pa.int16()), pa.array([2.0, None, -32768.0], pa.float32()), "SMALLINT"),
        (pa.array([1], pa.decimal128(20, 0)), pa.array([2.0, None, float(LARGEST)]), "DECIMAL(20,0)"),
        (pa.array([1], pa.decimal128(20, 2)), pa.array([2.0, None, 0.25]), "DECIMAL(20,2)"),
        (pa.array([1.5]), pa.array([2, None, LARGEST], pa.int64()), "DOUBLE PRECISION"),
        (pa.array([1.5]), pa.array([2, None, LARGEST + 2], pa.int64()), "DOUBLE PRECISION"),
        (pa.array([1.5]), pa.array([2, None, 2**31 - 1], pa.int32()), "DOUBLE PRECISION"),
        (pa.array([1.5]), pa.array([Decimal("2.00"), None, Decimal("0.25")], pa.decimal128(9, 2)), "DOUBLE PRECISION"),
        (pa.array([1.5], pa.float32()), pa.array([2, None, 2**24], pa.int64()), "REAL"),
        (pa.array([1.5], pa.float32()), pa.array([2, None, 255], pa.uint8()), "REAL"),
        (pa.array([Decimal(1)], pa.decimal128(38, 30)), pa.array([2, None, 99_999_999], pa.int64()), "DECIMAL(38,30)"),
        (pa.array([1], pa.int64()), pa.array([Decimal(2), None], pa.decimal128(38, 20)), "BIGINT"),
    ],
)
def test_a_number_lands_in_a_column_of_the_other_kind_that_holds_it_exactly(
    land: Land, first: pa.Array, second: pa.Array, type_: str, files: int
) -> None:
    dataset, function = new_dataset(), land.function()
    land_copies(land, function, dataset, 1, first)

    land_copies(land, function, dataset, files, second)

    assert columns_of(land, dataset) == {"n": type_}
    landed = [None if value is None else Decimal(value) for value in values_of(land, dataset)]
    expected = sorted(Decimal(value) for value in second.to_pylist() * files if value is not None)
    assert landed == [Decimal(first[0].as_py()), *expected, *[None] * files]


@BOTH_PATHS
@pytest.mark.parametrize(
    ("first", "second", "row", "found", "evolve"),
    [
        (pa.array([1], pa.int64()), pa.array([2.0, 2.5]), 2, "2.5", "DOUBLE PRECISION"),
        (pa.array([1], pa.int64()), pa.array([float("nan")]), 1, "nan", "DOUBLE PRECISION"),
        (pa.array([1], pa.int64()), pa.array([None, float("-inf")]), 2, "-inf", "DOUBLE PRECISION"),
        (pa.array([1], pa.int64()), pa.array([1.0, LARGEST + 2.0]), 2, "9007199254740994.0", "DOUBLE PRECISION"),
        (pa.array([1], pa.int64()), pa.array([2.0**24 + 2], pa.float32()), 1, "16777218.0", "DOUBLE PRECISION"),
        (pa.array([1], pa.int32()), pa.array([1.0, 2.0**31]), 2, "2147483648", "BIGINT"),
        (pa.array([1], pa.int16()), pa.array([-32769.0], pa.float32()), 1, "-32769", "BIGINT"),
        (pa.array([1], pa.decimal128(4, 1)), pa.array([1000.0]), 1, "1000", "DECIMAL(20,1)"),
        (pa.array([1], pa.decimal128(9, 2)), pa.array([0.5, 0.125]), 2, "0.125", "DOUBLE PRECISION"),
        (pa.array([1.5]), pa.array([1, LARGEST + 1], pa.int64()), 2, str(LARGEST + 1), "BIGINT"),
        (pa.array([1.5]), pa.array([2**64 - 1], pa.uint64()), 1, str(2**64 - 1), "DECIMAL(20,0)"),
        (pa.array([1.5]), pa.array([Decimal("19.99")], pa.decimal128(9, 2)), 1, "19.99", "DECIMAL(9,2)"),
        (pa.array([1.5], pa.float32()), pa.array([0, 2**24 + 1], pa.int32()), 2, str(2**24 + 1), "DOUBLE PRECISION"),
        (pa.array([1], pa.decimal128(38, 30)), pa.array([1, 10**8], pa.int64()), 2, str(10**8), None),
        (pa.array([1], pa.decimal128(38, 30)), pa.array([float(LARGEST), 4.6e18]), 1, str(LARGEST), None),
        (pa.array([1], pa.int32()), pa.array([1.0, None, 2.0**31, 0.5]), 3, "2147483648", "BIGINT"),
    ],
)
def test_the_first_number_that_a_column_does_not_hold_exactly_is_named_and_nothing_of_its_file_lands(
    land: Land, first: pa.Array, second: pa.Array, row: int, found: str, evolve: str | None, files: int
) -> None:
    dataset, function = new_dataset(), land.function()
    land_copies(land, function, dataset, 1, first)
    types = columns_of(land, dataset)

    for outcome in receive_copies(land, function, dataset, files, second):
        assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.VALUE_OUT_OF_RANGE)
        assert outcome.verdict is not None
        assert (outcome.verdict.column, outcome.verdict.row, outcome.verdict.found) == ("n", row, found)
        assert evolve is None or f"landfall evolve {dataset} n '{evolve}'" in outcome.verdict.remedy

    assert columns_of(land, dataset) == types
    assert land.count(f"landing.{dataset}") == len(land.rows(f"select 1 from ledger.{dataset}")) == 1


def test_a_decimal_fraction_that_a_double_has_not_says_what_the_double_is(land: Land) -> None:
    dataset, function = new_dataset(), land.function()
    land_copies(land, function, dataset, 1, pa.array([Decimal("1.00")], pa.decimal128(9, 2)))

    [outcome] = receive_copies(land, function, dataset, 1, pa.array([19.99]))

    assert outcome.verdict is not None
    assert outcome.verdict.found == "19.99, which is 19.989999999999998436805981327779591083526611328125"


def test_numbers_of_a_batch_that_disagree_are_rounded_in_no_order(land: Land) -> None:
    whole, odd = pa.table({"n": pa.array([LARGEST + 1], pa.int64())}), pa.table({"n": [0.5]})
    ends = []
    for tables in ((whole, odd), (odd, whole)):
        dataset = new_dataset()
        files = [land.put(f"raw/{dataset}/{number}.parquet", table) for number, table in enumerate(tables)]
        ends.append([outcome.status for outcome in land.function().receive(*files)])
        [value] = values_of(land, dataset)
        assert Decimal(value) == Decimal(tables[0]["n"][0].as_py())

    assert ends == [[Status.LANDED, Status.REJECTED]] * 2


def test_a_duration_lands_in_a_column_of_decimals_too(land: Land) -> None:
    dataset, function = new_dataset(), land.function()
    land_copies(land, function, dataset, 1, pa.array([1], pa.decimal128(25, 0)))
    land_copies(land, function, dataset, 1, pa.array([2], pa.duration("s")))

    assert values_of(land, dataset) == ["1", "2000000"]


@pytest.mark.parametrize(
    ("value", "found", "landing"),
    [
        (2**63 - 1, pa.int64(), decimal(38, 30)),
        (Decimal(10) ** 37, pa.decimal128(38, 0), decimal(38, 37)),
        (Decimal(10) ** 75, pa.decimal256(76, 0), decimal(38, 37)),
        (-float(LARGEST), pa.float64(), decimal(38, 30)),
    ],
)
def test_a_decimal_of_too_many_digits_is_refused_even_where_arrow_would_change_it(
    value: Any, found: pa.DataType, landing: SqlType
) -> None:
    with pytest.raises(BadValueError):
        convert(pa.array([value], found), landing)
    assert convert(pa.array([Decimal(7)], pa.decimal128(2, 0)), landing).values.to_pylist() == [7]


STATISTICS = pytest.mark.parametrize("statistics", [True, False], ids=["with statistics", "without"])


@STATISTICS
@BOTH_PATHS
@pytest.mark.parametrize("nulls", [pa.float64(), pa.null(), pa.time64("us")], ids=str)
@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (pa.array(["text"]), "VARCHAR(65535)"),
        (pa.array([2**40]), "BIGINT"),
        (pa.array([[1, 2]]), "SUPER"),
    ],
    ids=["text", "number", "list"],
)
def test_a_column_of_nulls_fits_any_column_and_its_first_value_decides_its_type(
    land: Land, nulls: pa.DataType, values: pa.Array, type_: str, files: int, statistics: bool
) -> None:
    dataset, function = new_dataset(), land.function()
    empty = pa.nulls(2, nulls)

    for column in (empty, values, empty):
        land_copies(land, function, dataset, files, column, write_statistics=statistics)

    assert columns_of(land, dataset) == {"n": type_}
    rows = values_of(land, dataset)
    assert (rows.count(None), len(rows)) == (4 * files, 5 * files)


@BOTH_PATHS
def test_a_declared_column_keeps_its_type_whatever_comes_first(land: Land, files: int) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = parse_contract({"columns": [{"name": "n", "data_type": "decimal(18,2)"}]})
    function = land.function()
    land_copies(land, function, dataset, files, pa.nulls(1, pa.float64()))
    land_copies(land, function, dataset, files, pa.array([7]))
    [outcome] = receive_copies(land, function, dataset, 1, pa.array(["text"]))

    assert columns_of(land, dataset) == {"n": "DECIMAL(21,2)"}  # the numbers have widened it, as they widen any
    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.INCOMPATIBLE_TYPE)


def test_a_column_that_was_declared_after_it_came_empty_gets_the_declared_type_with_its_first_value(land: Land) -> None:
    dataset = new_dataset()
    land_copies(land, land.function(), dataset, 1, pa.nulls(1, pa.float64()))
    assert columns_of(land, dataset) == {"n": "VARCHAR(65535)"}
    land.contracts[dataset] = parse_contract({"columns": [{"name": "n", "data_type": "decimal(30,2)"}]})

    land_copies(land, land.function(), dataset, 1, pa.array([7]))

    assert columns_of(land, dataset) == {"n": "DECIMAL(30,2)"}


def test_an_empty_column_of_a_table_that_is_too_large_is_left_to_the_operator(land: Land) -> None:
    dataset = new_dataset()
    land_copies(land, land.function(), dataset, 1, pa.nulls(1, pa.float64()))

    [rejected] = receive_copies(land, land.function(widen_row_limit=0), dataset, 1, pa.array([7]))

    assert rejected.reason == Reason.TABLE_TOO_LARGE_TO_WIDEN
    assert rejected.verdict is not None
    assert rejected.verdict.remedy == f"landfall evolve {dataset} n 'BIGINT', then landfall replay the file"
    assert columns_of(land, dataset) == {"n": "VARCHAR(65535)"}


def test_a_frozen_dataset_retypes_nothing(land: Land) -> None:
    dataset = new_dataset()
    land_copies(land, land.function(), dataset, 1, pa.nulls(1, pa.float64()))
    land.contracts[dataset] = parse_contract({"schema_change": "freeze"})

    [rejected] = receive_copies(land, land.function(), dataset, 1, pa.array([7]))

    assert rejected.reason == Reason.INCOMPATIBLE_TYPE
    assert columns_of(land, dataset) == {"n": "VARCHAR(65535)"}


def test_a_column_that_has_got_a_value_meanwhile_is_not_retyped(land: Land) -> None:
    dataset = new_dataset()
    land_copies(land, land.function(), dataset, 1, pa.array(["kept"]))
    stale = ddl.retype_columns(dataset, [Widening("n", sqltypes.VARCHAR, sqltypes.BIGINT)])

    with pytest.raises(CatalogChangedError):
        land.warehouse.transaction([statements.lock_dataset(dataset), *stale])

    assert values_of(land, dataset) == ["kept"]


def test_a_warm_function_looks_once_into_a_column_that_others_files_have_in_another_type(land: Land) -> None:
    api = RecordingDataApi(land.client("redshift-data"))
    dataset, function = new_dataset(), land.function(api)
    land_copies(land, land.function(), dataset, 1, pa.array([1]))
    looks = []
    for _ in range(3):
        land_copies(land, function, dataset, 1, pa.array([2.0, None]))
        looks.append(sum("as row_count" in sql and "landing" in sql for sql in api.take()))

    assert looks == [1, 0, 0]
    assert columns_of(land, dataset) == {"n": "BIGINT"}


def test_of_a_large_file_without_statistics_the_column_in_doubt_alone_is_read(land: Land) -> None:
    dataset, function, s3 = new_dataset(), land.function(), land.client("s3")
    land_copies(land, function, dataset, 1, pa.array([1]))
    noise = pa.array([bytes(str(number), "ascii") * 400 for number in range(20_000)])
    table = pa.table({"noise": noise, "n": pa.nulls(20_000, pa.string())})
    options = {"write_statistics": False, "compression": "none", "use_dictionary": False}
    large = land.put(f"raw/{dataset}/large.parquet", table, **options)
    assert large.size > 33 * 1024**2
    read: list[str] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        read.append(params.get("Range", "all"))

    s3.meta.events.register("provide-client-params.s3.GetObject", note)
    try:
        with counted_requests(s3):
            [outcome] = function.receive(large)
    finally:
        s3.meta.events.unregister("provide-client-params.s3.GetObject", note)

    assert (outcome.status, outcome.load_path) == (Status.LANDED, "as_is")
    assert columns_of(land, dataset)["n"] == "BIGINT"
    ranges = [entry.removeprefix("bytes=").split("-") for entry in read]
    assert sum(int(end) - int(start or 0) for start, end in ranges) < 4 * 1024**2  # of 35


def test_columns_in_doubt_that_are_neighbours_in_the_file_are_read_together(land: Land) -> None:
    dataset, function, s3 = new_dataset(), land.function(), land.client("s3")
    names, rows = [f"n{number}" for number in range(200)], 5_000
    function.receive(land.put(f"raw/{dataset}/first.parquet", pa.table({name: [1] for name in names})))
    noise = pa.array([bytes(str(number), "ascii") * 2_000 for number in range(rows)])
    nulls = dict.fromkeys(names, pa.nulls(rows, pa.string()))
    options = {"write_statistics": False, "compression": "none", "use_dictionary": False, "row_group_size": rows // 2}
    large = land.put(f"raw/{dataset}/large.parquet", pa.table({"noise": noise, **nulls}), **options)
    assert large.size > 33 * 1024**2

    with counted_requests(s3) as requests:
        [outcome] = function.receive(large)

    assert (outcome.status, outcome.load_path) == (Status.LANDED, "as_is")
    assert set(columns_of(land, dataset).values()) == {"BIGINT", "VARBYTE(1024000)"}
    assert requests["GetObject"] < 20


@given(st.lists(st.lists(st.sampled_from([None, None, None, 1]), min_size=60, max_size=60), min_size=1, max_size=6))
def test_the_columns_without_a_value_are_found_whatever_their_row_groups_are(columns: list[list[int | None]]) -> None:
    table = pa.table({f"c{number}": pa.array(values, pa.int64()) for number, values in enumerate(columns)})
    content = parquet(table, row_group_size=25, write_statistics=False)
    file = FileVersion("b", "raw/orders/a.parquet", "v", size=len(content))
    moment = datetime(2025, 11, 13, tzinfo=UTC)
    inspected = Inspected(file, parse_footer(content, len(content)), len(content), "etag", moment)

    found = with_known_values(inspected, content, set(range(len(columns))))

    assert [column.has_values for column in found.footer.columns] == [any(values) for values in columns]


def lying(table: pa.Table, column: int) -> bytes:
    """Write a file of one row whose footer says falsely that a column is NULL."""
    body = parquet(table, compression="none")
    start = len(body) - 8 - int.from_bytes(body[-8:-4], "little")
    for at in range(start, len(body) - 8):
        if body[at] == 0:  # the number of NULLs, which becomes that of the values: 1
            lie = body[:at] + b"\x02" + body[at + 1 :]
            try:
                said = read_metadata(lie[start:-8])
            except ValueError:
                continue
            if [values is not False for values in said.has_values] == [n != column for n in range(table.num_columns)]:
                return lie
    raise AssertionError("the footer has no count of NULLs")


@BOTH_PATHS
def test_a_value_that_the_footer_denies_lands_or_is_named_but_is_never_lost(land: Land, files: int) -> None:
    dataset, function = new_dataset(), land.function()
    land_copies(land, function, dataset, 1, pa.array([1]))
    fits, not_fits = ({"a": pa.array([1]), "n": pa.array([value])} for value in (7, "text"))

    def send(columns: dict[str, pa.Array]) -> list[FileOutcome]:
        keys = [f"raw/{dataset}/{new_dataset('file')}.parquet" for _ in range(files)]
        return function.receive(*(land.put(key, lying(pa.table(columns), 1)) for key in keys))

    assert {outcome.status for outcome in send(fits)} == {Status.LANDED}
    assert {outcome.reason for outcome in send(not_fits)} == {Reason.INCOMPATIBLE_TYPE}
    assert values_of(land, dataset) == [1] + [7] * files
    fresh = new_dataset()
    landed = function.receive(land.put(f"raw/{fresh}/a.parquet", lying(pa.table(not_fits), 1)))
    assert [outcome.status for outcome in landed] == [Status.LANDED]
    assert values_of(land, fresh) == ["text"]


EMPTY_FILE = pa.table({"n": pa.array([], pa.string()), "other": pa.array([], pa.list_(pa.int8()))})


@pytest.mark.parametrize("policy", ["evolve", "freeze"])
@BOTH_PATHS
def test_a_file_of_no_rows_changes_nothing(land: Land, policy: str, files: int) -> None:
    dataset = new_dataset()
    declared = {"schema_change": policy, "columns": [{"name": "n", "data_type": "bigint"}]}
    land.contracts[dataset] = parse_contract(declared)
    function = land.function()
    land_copies(land, function, dataset, 1, pa.array([1]))

    outcomes = function.receive(*(land.put(f"raw/{dataset}/{number}.parquet", EMPTY_FILE) for number in range(files)))

    assert [(outcome.status, outcome.rows) for outcome in outcomes] == [(Status.LANDED, 0)] * files
    assert not any(outcome.schema_changes for outcome in outcomes)
    assert columns_of(land, dataset) == {"n": "BIGINT"}
    assert [row["row_count"] for row in land.rows(f"select row_count from ledger.{dataset} order by row_count")] == [
        *[0] * files,
        1,
    ]


@BOTH_PATHS
def test_a_dataset_that_begins_with_a_file_of_no_rows_has_its_columns_and_the_types_of_the_first_values(
    land: Land, files: int
) -> None:
    dataset, function = new_dataset(), land.function()
    function.receive(*(land.put(f"raw/{dataset}/{number}.parquet", EMPTY_FILE) for number in range(files)))
    assert columns_of(land, dataset) == {"n": "VARCHAR(65535)", "other": "SUPER"}

    land_copies(land, function, dataset, files, pa.array([7]))

    assert columns_of(land, dataset) == {"other": "SUPER", "n": "BIGINT"}
    assert values_of(land, dataset) == [7] * files


def test_beside_files_with_rows_one_of_none_brings_no_column(land: Land) -> None:
    dataset = new_dataset()
    files: list[FileVersion] = [
        land.put(f"raw/{dataset}/{name}.parquet", table)
        for name, table in (("empty", EMPTY_FILE), ("full", pa.table({"n": [1]})))
    ]

    outcomes = land.function().receive(*files)

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    assert columns_of(land, dataset) == {"n": "BIGINT"}


INTERESTING = [
    0,
    1,
    -1,
    2**15,
    2**24,
    2**24 + 1,
    2**31,
    LARGEST - 1,
    LARGEST,
    LARGEST + 1,
    LARGEST + 2,
    2**62,
    2**63 - 1,
]
FRACTIONS = [Decimal("0.5"), Decimal("0.1"), Decimal("-2.25"), Decimal("19.99")]
NUMBERS: dict[pa.DataType, list[Any]] = {
    **{
        type_: [number for number in INTERESTING if number < 2 ** (bits - 1)]
        for type_, bits in ((pa.int16(), 16), (pa.int32(), 32), (pa.int64(), 64))
    },
    pa.uint64(): [*(number for number in INTERESTING if number >= 0), 2**64 - 1],
    pa.float32(): [0.0, -1.0, 0.5, 0.1, 2.0**24, 2.0**24 + 2, float("nan")],
    pa.float64(): [*map(float, INTERESTING), *map(float, FRACTIONS), float("inf")],
    pa.decimal128(9, 2): FRACTIONS,
    pa.decimal128(22, 2): [*map(Decimal, INTERESTING), *FRACTIONS],
    pa.decimal128(38, 30): FRACTIONS,
}


@st.composite
def number_files(draw: st.DrawFn) -> list[list[pa.Array]]:
    """Draw batches of files of one column of numbers."""
    arrays = []
    for _ in range(draw(st.integers(2, 6))):
        type_ = draw(st.sampled_from(list(NUMBERS)))
        values = draw(st.lists(st.none() | st.sampled_from(NUMBERS[type_]), min_size=1, max_size=3))
        arrays.append(pa.array(values, type_))
    cuts = sorted(draw(st.sets(st.integers(1, len(arrays) - 1))))
    return [arrays[start:end] for start, end in pairwise([0, *cuts, len(arrays)])]


def exactly(value: Any) -> Decimal | str | None:
    """Take a number of a file or of the warehouse for what it is, to the last digit."""
    if value is None:
        return None
    number = Decimal(value)
    return "not a number" if number.is_nan() else number


def is_held(value: Any, found: pa.DataType, type_: SqlType) -> bool:
    """Tell, from what the types mean alone, whether a column holds a number of a file."""
    if value is None or (isinstance(value, float) and type_.name in FLOATING):
        return True
    number = Decimal(value)
    if type_.name in FLOATING:
        held = float(number)
        return Decimal(held if type_ == DOUBLE else unpack("f", pack("f", held))[0]) == number
    if not number.is_finite() or (isinstance(value, float) and abs(value) > LARGEST_OF.get(found, LARGEST)):
        return False
    if type_.name == "DECIMAL":
        precision, scale = type_.arguments
        return -int(number.normalize(Context(100)).as_tuple().exponent) <= scale and abs(number) < 10 ** (
            precision - scale
        )
    bits = {"SMALLINT": 15, "INTEGER": 31, "BIGINT": 63}[type_.name]
    return number == int(number) and -(2**bits) <= number < 2**bits


@pytest.fixture(scope="module")
def number_function(land: Land) -> Function:
    return land.function()


@settings(max_examples=15, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(number_files())
def test_in_whatever_order_numbers_come_they_land_exactly_or_the_first_that_cannot_is_named(
    land: Land, number_function: Function, batches: list[list[pa.Array]]
) -> None:
    dataset = new_dataset()
    for batch in batches:
        files = [
            land.put(f"raw/{dataset}/{new_dataset('file')}.parquet", pa.table({"n": column}), write_statistics=odd)
            for column, odd in zip(batch, cycle((True, False)))
        ]
        outcomes = number_function.receive(*files)
        types = {column.name: column.type for column in read_columns(land.warehouse, dataset) or ()}
        value = "cast(n as double precision)" if types.get("n") == REAL else "n"  # all the digits of a REAL
        found = land.rows(f"select _file_id, {value} as n from landing.{dataset}") if types else []
        for file, column, outcome in zip(files, batch, outcomes, strict=True):
            values = column.to_pylist()
            landed = Counter(exactly(row["n"]) for row in found if row["_file_id"] == file.file_id)
            if outcome.status is Status.LANDED:
                assert landed == Counter(map(exactly, values))
                continue
            assert (outcome.status, landed) == (Status.REJECTED, Counter())
            assert outcome.verdict is not None
            assert outcome.reason == Reason.VALUE_OUT_OF_RANGE
            assert outcome.verdict.row is not None
            good, bad = values[: outcome.verdict.row - 1], values[outcome.verdict.row - 1]
            assert [is_held(value, column.type, types["n"]) for value in [*good, bad]] == [*[True] * len(good), False]
