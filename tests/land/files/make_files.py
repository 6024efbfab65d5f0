"""Write the files beside this script, each with the real writer that its name says.

The writers are no requirement of the project; the files are kept, so that its tests need none of them:

    python -m venv writers && writers/bin/pip install pandas==3.1.1 polars==2.1.0 duckdb==2.0.0 pyarrow==26.0.1
    writers/bin/python tests/land/files/make_files.py
"""

import datetime as dt
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
    import duckdb  # type: ignore[import-not-found]  # no requirement, as said above

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


if __name__ == "__main__":
    write_duckdb()
    write_pandas()
    write_polars()
