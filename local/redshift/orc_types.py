"""Which ORC column COPY puts into which Redshift column. Pure.

In: the type that arrow reads an ORC column as, and the table's column. Out: a Transport, None where they do not fit.
The types must be the same, as those of parquet (parquet_types.py). ORC's timestamps have one unit that no reader could
mistake, so that they are read right, to the microsecond.
Source: https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
"""

from __future__ import annotations

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from local.redshift.parquet_types import TargetColumn, Transport

_SAME: tuple[tuple[pa.DataType, tuple[str, ...], Transport], ...] = (
    (pa.bool_(), ("boolean",), Transport.AS_IS),
    (pa.int8(), ("smallint",), Transport.AS_IS),
    (pa.int16(), ("smallint",), Transport.AS_IS),
    (pa.int32(), ("integer",), Transport.AS_IS),
    (pa.int64(), ("bigint",), Transport.AS_IS),
    (pa.float32(), ("real",), Transport.AS_IS),
    (pa.float64(), ("double precision",), Transport.AS_IS),
    (pa.string(), ("character varying", "character"), Transport.TEXT),
    (pa.binary(), ("varbyte",), Transport.BYTES),
    (pa.timestamp("ns"), ("timestamp without time zone",), Transport.TIMESTAMP),
    (pa.date32(), ("date",), Transport.AS_IS),
)


def orc_transport(kind: pa.DataType, target: TargetColumn) -> Transport | None:
    """Return how an ORC column fits the table's, None if it does not.

    >>> orc_transport(pa.int64(), TargetColumn("a", "bigint")), orc_transport(pa.int64(), TargetColumn("a", "integer"))
    (<Transport.AS_IS: 'as is'>, None)
    """
    if pa.types.is_decimal(kind):
        return Transport.AS_IS if target.type == f"numeric({kind.precision},{kind.scale})" else None
    for same, bases, transport in _SAME:
        if kind == same and target.base in bases:
            return transport
    return None
