"""Write the files beside this script, each with the real writer that its name says.

The writers are no requirement of the project; the files are kept, so that its tests need none of them:

    python -m venv writers && writers/bin/pip install pandas==3.1.1 polars==2.1.0 duckdb==2.0.0 pyarrow==26.0.1 \\
        chdb==4.4.0 arro3-io==0.9.1 fastparquet==2026.9.0 pyspark==4.3.0 \\
        deltalake==1.6.6
    writers/bin/python tests/land/files/make_files.py [WRITER ...]

Spark needs Java 17 or newer.
"""

import datetime as dt
import shutil
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

FOLDER = Path(__file__).parent
MOMENT = dt.datetime(2025, 11, 13, 9, 5, 1, 234567)

DUCKDB = """
select
    1 as id,
    1::utinyint as tiny,
    18446744073709551615::ubigint as unsigned,
    '12345678901234567890'::hugeint as huge,
    time '12:34:56.789' as clock,
    time '24:00:00' as midnight,
    timestamp_ns '2025-11-13 09:05:01.234567891' as at_nanoseconds,
    timestamptz '2025-11-13 09:05:01.234567+02' as at_zone,
    timestamp_s '2025-11-13 09:05:01' as at_seconds,
    'c0ffee00-0000-4000-8000-000000000001'::uuid as key,
    interval '3 days' as waited,
    'paid'::enum ('placed', 'paid') as status,
    [1, 2, null] as numbers,
    {'Name': 'x', 'price': 1.50::decimal(9, 2)} as item,
    map {'a': 1, 'b': null} as counts,
    '\\xAA\\x00'::blob as raw,
    1.500::decimal(38, 3) as amount,
    date '2025-11-13' as day,
    '{"a": 1}'::json as document,
    'ü😀' as note,
    true as is_open
union all
select
    2, null, null, null, null, null, null, null, null, null,
    null, null, null, null, null, null, null, null, null, '', null
"""


def write_duckdb() -> None:
    """Write what a query of DuckDB becomes: unsigned and huge integers, 24:00, a UUID, an interval, nested values."""
    import duckdb

    duckdb.sql(DUCKDB).write_parquet(str(FOLDER / "duckdb.parquet"))


def write_pandas() -> None:
    """Write what a DataFrame of pandas becomes: an index, a category, nanoseconds, missing values."""
    import pandas as pd  # type: ignore[import-untyped]  # no requirement, as said above

    moments = pd.Series([MOMENT, None], index=["x", "y"]).astype("datetime64[ns]")
    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "At": moments,
            "at_zone": moments.dt.tz_localize("Europe/Berlin"),
            "took": pd.Series([pd.Timedelta(1, "ms"), None], index=["x", "y"]).astype("timedelta64[ns]"),
            "status": pd.Categorical(["paid", None]),
            "ratio": [1.5, float("nan")],
            "whole": pd.array([1, None], dtype="Int64"),
            "note": ["a", None],
            "nothing": [None, None],
        },
        index=pd.Index(["x", "y"], name="Row Label"),
    )
    frame.to_parquet(FOLDER / "pandas.parquet")


def write_polars() -> None:
    """Write what a DataFrame of polars becomes: large strings and lists, nanosecond times, an enumeration."""
    import polars as pl  # type: ignore[import-not-found]  # no requirement, as said above

    frame = pl.DataFrame(
        {
            "id": [1, 2],
            "note": ["ü😀", None],
            "category": pl.Series(["a", None], dtype=pl.Categorical),
            "status": pl.Series(["paid", None], dtype=pl.Enum(["placed", "paid"])),
            "clock": [dt.time(12, 34, 56, 789), None],
            "at": [MOMENT, None],
            "at_nanoseconds": pl.Series([MOMENT, None], dtype=pl.Datetime("ns")),
            "at_zone": pl.Series([MOMENT, None], dtype=pl.Datetime("us")).dt.replace_time_zone("Europe/Berlin"),
            "took": [dt.timedelta(microseconds=1), None],
            "numbers": [[1, 2], None],
            "pair": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int8, 2)),
            "item": [{"x": 1, "y": "a"}, None],
            "unsigned": pl.Series([2**64 - 1, None], dtype=pl.UInt64),
            "amount": pl.Series([Decimal("1.50"), None], dtype=pl.Decimal(38, 2)),
            "raw": [b"\xaa\x00", None],
            "nothing": [None, None],
        }
    )
    frame.write_parquet(FOLDER / "polars.parquet")


CLICKHOUSE = """
select
    1 as id,
    'red'::Enum8('red' = 1, 'blue' = 2) as color,
    toUUID('c0ffee00-0000-4000-8000-000000000001') as key,
    [color] as colors,
    [key] as keys,
    (color, key)::Tuple(color Enum8('red' = 1, 'blue' = 2), key UUID) as item,
    map(color, 'blue'::Enum8('red' = 1, 'blue' = 2)) as by_color,
    map(key, 1) as by_key,
    toInt128('1') as large,
    toIPv6('::1') as address
"""


def write_chdb() -> None:
    """Write what a query of ClickHouse becomes: nested enumerations and UUIDs, integers of 128 bits."""
    import chdb  # type: ignore[import-not-found]  # no requirement, as said above

    (FOLDER / "chdb.parquet").write_bytes(chdb.query(CLICKHOUSE, "Parquet").bytes())


def write_arro3() -> None:
    """Write what parquet-rs makes of arrow types that parquet has not: seconds, dates in milliseconds, bare UUIDs."""
    import arro3.core  # type: ignore[import-not-found]  # no requirement, as said above
    import arro3.io  # type: ignore[import-not-found]  # no requirement, as said above
    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

    key = pa.array([bytes.fromhex("c0ffee00000040008000000000000001"), None], pa.binary(16))
    table = pa.table(
        {
            "id": [1, 2],
            "at_seconds": pa.array([1_763_024_701, None], pa.timestamp("s")),
            "at_zone": pa.array([1_763_024_701, None], pa.timestamp("s", "Europe/Berlin")),
            "clock": pa.array([32_701, None], pa.time32("s")),
            "day": pa.array([dt.date(2025, 11, 13), None], pa.date64()),
            "key": pa.ExtensionArray.from_storage(pa.uuid(), key),
            "moments": pa.array([[1_763_024_701, None], None], pa.list_(pa.timestamp("s"))),
            "item": pa.array([{"clock": 32_701}, None], pa.struct([("clock", pa.time32("s"))])),
            "count": [1_763_024_701, None],
        }
    )
    arro3.io.write_parquet(arro3.core.Table.from_arrow(table), str(FOLDER / "arro3.parquet"))


def write_polars_int128() -> None:
    """Write an integer of 128 bits, which keeps other readers from the whole file."""
    import polars as pl

    frame = pl.DataFrame({"id": [1], "large": pl.Series([2**100], dtype=pl.Int128)})
    frame.write_parquet(FOLDER / "polars_int128.parquet")


def write_fastparquet() -> None:
    """Write text of a fixed length, which parquet has not."""
    import fastparquet  # type: ignore[import-not-found]  # no requirement, as said above
    import pandas as pd

    frame = pd.DataFrame({"id": [1], "code": ["ab"]})
    target = str(FOLDER / "fastparquet_fixed_text.parquet")
    fastparquet.write(target, frame, fixed_text={"code": 2}, object_encoding={"code": "utf8"})


def write_deltalake() -> None:
    """Write a UUID, which delta-rs keeps as bytes of any length beside an arrow schema that says sixteen."""
    import deltalake  # type: ignore[import-not-found]  # no requirement, as said above
    import pyarrow as pa

    key = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16)], pa.binary(16)))
    folder = FOLDER / "delta"
    deltalake.write_deltalake(str(folder), pa.table({"id": [1], "key": key}))
    [part] = folder.glob("*.parquet")
    part.rename(FOLDER / "deltalake_uuid.parquet")
    shutil.rmtree(folder)


def write_duckdb_variant() -> None:
    """Write VARIANTs, which DuckDB shreds by what it finds in them."""
    import duckdb

    duckdb.sql(
        """
        select 1 as id, {'a': 1, 'b': 'x'}::variant as item, 42::variant as plain
        union all select 2, {'a': 2, 'b': 'y'}::variant, null
        union all select 3, null, 7::variant
        union all select 4, 5::variant, 8::variant
        """
    ).write_parquet(str(FOLDER / "duckdb_variant.parquet"))


def write_duckdb_infinity() -> None:
    """Write a moment that never is, in each type that has one."""
    import duckdb

    for type_ in ("timestamp", "timestamptz", "timestamp_s", "timestamp_ms", "timestamp_ns", "date"):
        for sign in ("", "-"):
            query = f"select 1 as id, null::{type_} as at union all select 2, '{sign}infinity'::{type_}"
            name = f"duckdb_{'minus_' if sign else ''}infinity_{type_}.parquet"
            duckdb.sql(query).write_parquet(str(FOLDER / name))


SPARK_VARIANT = """
select 1 as id, parse_json('{"a": 1, "b": [1, 2.5, "x", null], "day": "2025-11-13"}') as item,
    named_struct('x', parse_json('42')) as inner, array(parse_json('1'), parse_json('"y"')) as many,
    map('k', parse_json('true')) as by_name
union all select 2, parse_json('null'), null, null, null
union all select 3, null, named_struct('x', cast(null as variant)), array(), map()
"""
# Days on both sides of the calendars' switch, and in a year that only one of them has as a leap year.
SPARK_LEGACY = """
select 1 as id, date '1500-01-01' as day, timestamp '1500-01-01 00:00:00' as at,
    timestamp_ntz '1500-01-01 00:00:00' as local, array(date '1500-01-01') as days
union all select 2, date '1582-10-15', timestamp '1582-10-15 00:00:00', timestamp_ntz '1582-10-15 00:00:00', null
union all select 3, date '1582-10-04', timestamp '1582-10-04 23:59:59.999', timestamp_ntz '1582-10-04 00:00:00', array()
union all select 4, date '0001-01-01', timestamp '0001-01-01 00:00:00', timestamp_ntz '0001-01-01 00:00:00', null
union all select 5, date '1500-03-01', timestamp '1500-03-01 12:00:00', null, array(date '1500-02-28', null)
union all select 6, date '2025-11-13', timestamp '2025-11-13 09:05:01.234', timestamp_ntz '2025-11-13 09:05:01', null
"""


def write_spark() -> None:
    """Write VARIANTs, which Spark shreds, and the calendar of before Spark 3, each way to keep a timestamp."""
    from pyspark.sql import SparkSession  # type: ignore[import-not-found]  # no requirement, as said above

    spark = SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC").getOrCreate()

    def write(query: str, name: str) -> None:
        folder = FOLDER / f"{name}_folder"
        spark.sql(query).coalesce(1).write.parquet(str(folder))
        [part] = folder.glob("*.parquet")
        part.rename(FOLDER / f"{name}.parquet")
        shutil.rmtree(folder)

    write(SPARK_VARIANT, "spark_variant")
    spark.conf.set("spark.sql.parquet.variant.annotateLogicalType.enabled", "false")
    write(SPARK_VARIANT, "spark_variant_unannotated")
    spark.conf.set("spark.sql.parquet.datetimeRebaseModeInWrite", "LEGACY")
    spark.conf.set("spark.sql.parquet.int96RebaseModeInWrite", "LEGACY")
    for kept in ("INT96", "TIMESTAMP_MICROS", "TIMESTAMP_MILLIS"):
        spark.conf.set("spark.sql.parquet.outputTimestampType", kept)
        write(SPARK_LEGACY, f"spark_legacy_{kept.lower()}")
    spark.conf.set("spark.sql.session.timeZone", "America/Los_Angeles")
    write(SPARK_LEGACY, "spark_legacy_los_angeles")


SPARK_ORDERS = """
select slowly(id) as id, timestamp '2025-11-13 09:05:00' as at, cast(id * 1.5 as decimal(9, 2)) as total,
    element_at(array('EU', 'a=b', null), cast(id as int)) as region
from range(1, 4, 1, 3)
"""


def write_spark_jobs() -> None:
    """Write all that jobs of Spark put into a table's folder, what they move or delete again included."""
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
    folder = FOLDER / "spark_folder"

    def slowly(value: int) -> int:  # so that each file is seen wherever it stands
        time.sleep(2)
        return value

    spark.udf.register("slowly", slowly, "bigint")
    orders = spark.sql(SPARK_ORDERS)

    def overwrite() -> None:
        orders.write.partitionBy("region").mode("overwrite").parquet(str(folder))

    def append() -> None:
        changed = orders.where("id = 1").selectExpr("id", "at", "cast(9.5 as decimal(9, 2)) as total", "region")
        changed.coalesce(1).write.partitionBy("region").mode("append").parquet(str(folder))

    _watched(folder, "spark_job", lambda: orders.write.parquet(str(folder)))
    _watched(folder, "spark_parted", overwrite, append)


def _watched(folder: Path, name: str, *jobs: Callable[[], None]) -> None:
    """Keep every file that stands in a folder while jobs write there, in the order in which they were seen."""
    seen: dict[str, bytes] = {}
    is_over = threading.Event()

    def look() -> None:
        for path in sorted(folder.rglob("*")):
            key = path.relative_to(folder).as_posix()
            try:
                content = path.read_bytes() if path.is_file() and key not in seen else None
            except OSError:  # moved meanwhile
                continue
            if content is not None and (path.suffix != ".parquet" or content[-4:] == b"PAR1"):
                seen[key] = content

    def watch() -> None:
        while not is_over.is_set():
            look()
            time.sleep(0.02)

    watching = threading.Thread(target=watch)
    watching.start()
    for job in jobs:
        job()
    is_over.set()
    watching.join()
    look()
    shutil.rmtree(folder)
    with zipfile.ZipFile(FOLDER / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as kept:
        for key, content in seen.items():
            kept.writestr(key, content)


WRITERS = {
    "duckdb": write_duckdb,
    "pandas": write_pandas,
    "polars": write_polars,
    "chdb": write_chdb,
    "arro3": write_arro3,
    "polars_int128": write_polars_int128,
    "fastparquet": write_fastparquet,
    "deltalake": write_deltalake,
    "duckdb_variant": write_duckdb_variant,
    "duckdb_infinity": write_duckdb_infinity,
    "spark": write_spark,
    "spark_jobs": write_spark_jobs,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or WRITERS:
        WRITERS[name]()
