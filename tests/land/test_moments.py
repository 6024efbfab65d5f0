"""Moments that a file keeps otherwise than SQL has them: infinity, and days of the calendar of before Spark 3."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.judge.paths import LoadPath
from ingest_lambda.load.outcomes import Status
from ingest_lambda.read.meaning import Kind, Meaning
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.meant import as_meant
from tests.land import footers
from tests.land.warehouse import Function, Land, new_dataset, parquet

FILES = Path(__file__).with_name("files")
MOMENT = datetime(2025, 11, 13, 9, 5, 1, 234567, tzinfo=UTC)


@pytest.fixture(scope="module")
def function(land: Land) -> Function:
    return land.function()


INFINITE = sorted(path.stem for path in FILES.glob("duckdb_*infinity_*.parquet"))


@pytest.mark.parametrize("name", INFINITE)
def test_what_never_is_lands_in_no_column(land: Land, function: Function, name: str) -> None:
    """One rule for dates and timestamps of every unit, for a file that goes alone and for one among others."""
    content = (FILES / f"{name}.parquet").read_bytes()
    dataset = new_dataset("infinity")
    alone = land.put(f"raw/{dataset}/a.parquet", content)
    among = land.put(f"raw/{dataset}/b.parquet", content)
    other = land.put(f"raw/{dataset}/c.parquet", pa.table({"id": [1]}))
    outcomes = [*function.receive(alone), *function.receive(among, other)[:1]]

    for outcome in outcomes:
        assert outcome.verdict is not None
        told = outcome.verdict
        assert (told.reason, told.column, told.row) == (Reason.VALUE_OUT_OF_RANGE, "at", 2)
        assert told.found == ("-infinity" if "minus" in name else "infinity")
    assert land.count(f"landing.{dataset}") == 1


def test_the_last_moment_of_nanoseconds_is_one_unless_duckdb_wrote_it(land: Land, function: Function) -> None:
    """It is pandas' Timestamp.max, which people write for a date without an end."""
    dataset = new_dataset("last")
    table = pa.table({"at": pa.array([2**63 - 1], pa.timestamp("ns"))})

    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", table))

    assert outcome.status is Status.LANDED
    assert str(land.rows(f"select at from landing.{dataset}")[0]["at"]) == "2262-04-11 23:47:16.854775"


@pytest.mark.parametrize(("statistics", "path"), [(True, LoadPath.AS_IS), (False, LoadPath.CANONICAL)])
def test_copy_reads_moments_where_statistics_say_that_none_is_infinite(
    land: Land, function: Function, statistics: bool, path: LoadPath
) -> None:
    dataset = new_dataset("finite")
    table = pa.table({"id": [1], "at": pa.array([MOMENT], pa.timestamp("us"))})
    content = footers.with_words(parquet(table, write_statistics=statistics), {}, "DuckDB version v2.0.1")
    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", content))

    assert (outcome.status, outcome.load_path) == (Status.LANDED, path)


BEYOND = {
    "milliseconds that wrap": pa.array([0, 2**62], pa.timestamp("ms")),
    "nanoseconds that say milliseconds": pa.array([0, 1_717_200_000_000_000_000], pa.timestamp("ms")),
    "a moment too early": pa.array([0, -2_440_551 * 86_400_000], pa.timestamp("ms")),
    "a microsecond too early": pa.array([0, -2_440_550 * 86_400_000_000 - 1], pa.timestamp("us")),
    "a day too late": pa.array([0, 200_000_000], pa.int32()).cast(pa.date32()),
    "a day too early": pa.array([0, -2_440_551], pa.int32()).cast(pa.date32()),
    "a decimal of more than 64 bits": pa.array([Decimal(0), Decimal(10**19 - 1)], pa.decimal128(19, 0)),
}
WITHIN = {
    "milliseconds": pa.array([-2_440_550 * 86_400_000, (2**63 - 1) // 1_000], pa.timestamp("ms")),
    "microseconds": pa.array([-2_440_550 * 86_400_000_000, 2**63 - 2], pa.timestamp("us")),
    "days": pa.array([-2_440_549, 106_762_939], pa.int32()).cast(pa.date32()),
    "decimals": pa.array([Decimal(-(2**63) + 1), Decimal(2**63 - 1)], pa.decimal128(19, 0)),
}


@pytest.mark.parametrize("name", BEYOND)
@pytest.mark.parametrize("statistics", [True, False], ids=["told", "not-told"])
def test_what_lies_beyond_a_type_is_refused_alone_as_it_is_among_others(
    land: Land, function: Function, name: str, statistics: bool
) -> None:
    dataset = new_dataset("beyond")
    table = pa.table({"id": [1, 2], "v": BEYOND[name]})
    alone = land.put(f"raw/{dataset}/a.parquet", table, write_statistics=statistics)
    among = land.put(f"raw/{dataset}/b.parquet", table, write_statistics=statistics)
    other = land.put(f"raw/{dataset}/c.parquet", pa.table({"id": [1]}))

    outcomes = [*function.receive(alone), *function.receive(among, other)[:1]]

    verdicts = [(each.verdict.reason, each.verdict.column, each.verdict.row) for each in outcomes if each.verdict]
    assert verdicts == [(Reason.VALUE_OUT_OF_RANGE, "v", 2)] * 2
    assert (land.count(f"landing.{dataset}"), land.count(f"ledger.{dataset}")) == (1, 1)


@pytest.mark.parametrize("name", WITHIN)
@pytest.mark.parametrize(("statistics", "path"), [(True, LoadPath.AS_IS), (False, LoadPath.CANONICAL)])
def test_what_reaches_the_ends_of_a_type_lands_as_it_is_where_statistics_say_so(
    land: Land, function: Function, name: str, statistics: bool, path: LoadPath
) -> None:
    dataset = new_dataset("within")
    file = land.put(f"raw/{dataset}/a.parquet", pa.table({"v": WITHIN[name]}), write_statistics=statistics)

    [outcome] = function.receive(file)

    assert (outcome.status, outcome.load_path, outcome.rows) == (Status.LANDED, path, 2)


def test_a_column_without_a_value_reaches_nowhere(land: Land, function: Function) -> None:
    dataset = new_dataset("nulls")
    table = pa.table({"id": [1], "at": pa.nulls(1, pa.timestamp("ms")), "day": pa.nulls(1, pa.date32())})

    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", table))

    assert (outcome.status, outcome.load_path) == (Status.LANDED, LoadPath.AS_IS)


# The days and moments of spark_legacy_*.parquet, in the order of their ids.
LEGACY_DAYS = ["1500-01-01", "1582-10-15", "1582-10-04", "0001-01-01", "1500-03-01", "2025-11-13"]
LEGACY_MOMENTS = [
    "1500-01-01 00:00:00",
    "1582-10-15 00:00:00",
    "1582-10-04 23:59:59.999",
    "0001-01-01 00:00:00",
    "1500-03-01 12:00:00",
    "2025-11-13 09:05:01.234",
]


@pytest.mark.parametrize("kept", ["int96", "timestamp_micros", "timestamp_millis"])
def test_days_of_sparks_older_calendar_land_as_spark_reads_them(land: Land, function: Function, kept: str) -> None:
    dataset = new_dataset("legacy")
    content = (FILES / f"spark_legacy_{kept}.parquet").read_bytes()
    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", content))

    assert (outcome.status, outcome.load_path) == (Status.LANDED, LoadPath.CANONICAL)
    rows = land.rows(f"select day, at, local, days from landing.{dataset} order by id")
    assert [str(row["day"]) for row in rows] == LEGACY_DAYS
    assert [str(row["at"]) for row in rows] == LEGACY_MOMENTS
    assert str(rows[0]["local"]) == "1500-01-01 00:00:00"  # without a zone, which Spark never moved
    assert [row["days"] for row in rows][:1] == ['["1500-01-01"]']


def test_moments_of_the_older_calendar_whose_clocks_are_not_known_are_refused(land: Land, function: Function) -> None:
    dataset = new_dataset("legacy")
    content = (FILES / "spark_legacy_los_angeles.parquet").read_bytes()
    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", content))

    assert outcome.verdict is not None
    assert (outcome.verdict.reason, outcome.verdict.column, outcome.verdict.row) == (Reason.LEGACY_CALENDAR, "at", 1)
    assert "America/Los_Angeles" in str(outcome.verdict.expected)
    assert land.count(f"landing.{dataset}") == 0
    # what the verdict says helps: as Spark 3 writes with the mode CORRECTED, or in UTC
    today = footers.with_words(content, {"org.apache.spark.version": "4.3.0"})
    utc = (FILES / "spark_legacy_timestamp_micros.parquet").read_bytes()
    again = [function.receive(land.put(f"raw/{dataset}/{n}.parquet", body))[0] for n, body in enumerate((today, utc))]
    assert {outcome.status for outcome in again} == {Status.LANDED}, again


MODERN = pa.table({"id": [1], "day": [MOMENT.date()], "at": pa.array([MOMENT], pa.timestamp("us", "UTC"))})
SPARK_SCHEMA = {"org.apache.spark.sql.parquet.row.metadata": "{}"}
OLDER = [
    SPARK_SCHEMA,
    {"org.apache.spark.version": "2.4.8"},
    {"org.apache.spark.version": "4.3.0", "org.apache.spark.legacyDateTime": ""},
    {"writer.date.proleptic": "false"},
]
NEWER = [
    {"org.apache.spark.version": "4.3.0", **SPARK_SCHEMA},
    {"org.apache.spark.legacyDateTime": ""},
    {"writer.date.proleptic": "true"},
]


@pytest.mark.parametrize(
    ("words", "path"), [*((one, LoadPath.CANONICAL) for one in OLDER), *((one, LoadPath.AS_IS) for one in NEWER)]
)
def test_copy_reads_no_file_that_may_be_of_the_older_calendar(
    land: Land, function: Function, words: dict[str, str], path: LoadPath
) -> None:
    dataset = new_dataset("legacy")
    content = footers.with_words(parquet(MODERN, store_schema=False), words)
    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", content))

    assert (outcome.status, outcome.load_path) == (Status.LANDED, path)
    assert str(land.rows(f"select day from landing.{dataset}")[0]["day"]) == "2025-11-13"


OLD: list[pa.Array] = [
    pa.array([date(1582, 10, 14)]),
    pa.array([datetime(1899, 12, 31, 23, 59, 59, tzinfo=UTC)], pa.timestamp("us", "UTC")),
]


@pytest.mark.parametrize("values", OLD, ids=["date", "timestamp"])
def test_old_days_of_a_spark_that_does_not_say_its_calendar_are_refused(
    land: Land, function: Function, values: pa.Array
) -> None:
    dataset = new_dataset("unsaid")
    content = footers.with_words(parquet(pa.table({"id": [1], "v": values}), store_schema=False), SPARK_SCHEMA)
    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", content))

    assert outcome.verdict is not None
    assert (outcome.verdict.reason, outcome.verdict.column, outcome.verdict.row) == (Reason.LEGACY_CALENDAR, "v", 1)
    assert land.count(f"landing.{dataset}") == 0


def test_hives_older_calendar_is_that_of_its_dates_alone(land: Land, function: Function) -> None:
    dataset = new_dataset("hive")
    table = pa.table({"day": pa.array([-171_585], pa.int32()).view(pa.date32())})
    content = footers.with_words(parquet(table, store_schema=False), {"writer.date.proleptic": "false"})
    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", content))

    assert outcome.status is Status.LANDED
    assert str(land.rows(f"select day from landing.{dataset}")[0]["day"]) == "1500-03-11"


def julian_days(year: int, month: int, day: int) -> int:
    """Count the days since 1970 of a date of the Julian calendar, which has a leap day in every fourth year."""
    months = [31, 28 + (year % 4 == 0), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    of_years = (year - 1) * 365 + (year - 1) // 4
    return of_years + sum(months[: month - 1]) + day - 1 - 719_164  # 0001-01-01 of it is 719,164 days before 1970


@given(st.dates(max_value=date(1582, 10, 4)), st.integers(0, 86_399_999_999))
def test_a_day_keeps_its_name_in_todays_calendar(day: date, micros: int) -> None:
    count = julian_days(day.year, day.month, day.day)

    [found] = as_meant(pa.array([count], pa.int32()).view(pa.date32()), Meaning(Kind.JULIAN)).to_pylist()
    assert found == day
    moment = pa.array([count * 86_400_000_000 + micros], pa.timestamp("us", "UTC"))
    [at] = as_meant(moment, Meaning(Kind.JULIAN, zone="UTC")).view(pa.int64()).to_pylist()
    assert at == (day - date(1970, 1, 1)).days * 86_400_000_000 + micros


def test_a_leap_day_that_todays_calendar_lacks_is_the_day_after() -> None:
    days = pa.array([julian_days(1500, 2, 28), julian_days(1500, 2, 29), julian_days(1500, 3, 1)], pa.int32())

    found = as_meant(days.view(pa.date32()), Meaning(Kind.JULIAN)).to_pylist()

    assert found == [date(1500, 2, 28), date(1500, 3, 1), date(1500, 3, 1)]


SPARK = {"org.apache.spark.version": "3.5.1"}
OF_SPARK = {"org.apache.spark.version": "3.0.0", "org.apache.spark.legacyINT96": ""}  # the older calendar
NAIVE = MOMENT.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("moment", "words", "zone"),
    [
        (NAIVE, SPARK, "Z"),
        (NAIVE, OF_SPARK, "Z"),
        (MOMENT, None, "Z"),  # the writer's arrow schema says it
        (NAIVE, {}, ""),
    ],
)
def test_int96_within_a_nested_value_says_that_it_is_an_instant(
    land: Land, function: Function, moment: datetime, words: dict[str, str] | None, zone: str
) -> None:
    """As it does at the top, by the column's clock; and as timestamps of 64 bits do."""
    dataset = new_dataset("within")
    type_ = pa.timestamp("us", moment.tzinfo and "UTC")
    items = pa.array([{"at": moment, "all": [moment]}], pa.struct([("at", type_), ("all", pa.list_(type_))]))
    content = parquet(pa.table({"id": [1], "item": items}), use_deprecated_int96_timestamps=True)
    if words is not None:
        content = footers.with_words(content, words)

    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", content))

    assert outcome.status is Status.LANDED
    [row] = land.rows(f"select item from landing.{dataset}")
    told = f"2025-11-13T09:05:01.234567{zone}"
    assert json.loads(row["item"]) == {"at": told, "all": [told]}
