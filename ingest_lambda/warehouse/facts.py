"""LAND: facts about files on their way into the warehouse.

In: rows, and the columns of the temporary table that they are for. Out: one small parquet file, which COPY reads: so
the number of statements, and their length, does not depend on the number of files, and no text that came from outside
stands in a statement. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

Fact = str | int | datetime | None


def facts_file(
    columns: Sequence[tuple[str, str]], rows: Sequence[Mapping[str, Fact]], more: Sequence[pa.Array] = ()
) -> bytes:
    """Write `rows` in the order of `columns`: name and Redshift type each, as the temporary table declares them.

    `more`: columns `p1`, `p2`, ... that stand behind them, of a value a row, each in its own type.
    """
    import pyarrow as pa  # not loaded by who asks for statements alone
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

    arrow_types = {"INTEGER": pa.int32(), "BIGINT": pa.int64(), "TIMESTAMP": pa.timestamp("us")}
    schema = pa.schema([(name, arrow_types.get(type_, pa.string())) for name, type_ in columns])
    table = pa.Table.from_pylist(list(rows), schema=schema)
    for position, values in enumerate(more, start=1):
        table = table.append_column(f"p{position}", values)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="snappy")
    return bytes(sink.getvalue())


def naive_utc(moment: datetime | None) -> datetime | None:
    """Write a moment as the warehouse has it: in UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None
