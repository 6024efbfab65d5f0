"""Values of partition columns, held to their types before they are compared or shown. Pure.

In: a table and a partition. Out: nothing, or a RedshiftError. PostgreSQL would read more spellings than the pages name
(`today`, `yes`), and round: what is shown would then not be what conditions on partitions are held to.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html
"""

from __future__ import annotations

import datetime as dt
import re

from local.redshift.errors import RedshiftError
from local.redshift.external.catalog import ExternalTable
from local.redshift.external.delimited import SPELT
from local.redshift.external.reading import NULL_PARTITION
from local.redshift.parquet_types import TargetColumn

_BITS = {"smallint": 16, "integer": 32, "bigint": 64}
_SIZES = re.compile(r"\((\d+)(?:,(\d+))?\)")


def hold_values(table: ExternalTable, values: tuple[str, ...]) -> None:
    """Hold a partition's values to the types of their columns.

    Raises:
        RedshiftError: one is not spelt as its type is, or does not fit into it.
    """
    for key, value in zip(table.keys, values, strict=True):
        if key.type and value != NULL_PARTITION and not fits(value, key.type):
            raise RedshiftError(
                f"the partition value '{value}' of column \"{key.name}\" of {table.full_name} is no {key.kind} as the "
                "local Redshift reads it: add the partition with a value that is, or give the column the type varchar",
                "22023",
            )


def fits(value: str, kind: str) -> bool:
    """Tell whether a text is a value of a type as it is.

    >>> fits("2025-02-28", "date"), fits("2025-02-29", "date"), fits("today", "date"), fits("yes", "boolean")
    (True, False, False, False)
    >>> fits("1.2", "numeric(4,1)"), fits("1.25", "numeric(4,1)"), fits("40000", "smallint")
    (True, False, False)
    """
    base = TargetColumn("", kind).base
    sizes = _sizes(kind)
    if base not in SPELT:
        return not sizes or len(value.encode()) <= sizes[0]
    if not re.fullmatch(SPELT[base], value, re.ASCII):
        return False
    if base in _BITS:
        limit: int = 2 ** (_BITS[base] - 1)
        return -limit <= int(value) < limit
    if base == "numeric":
        precision, scale = sizes
        whole, _, fraction = value.lstrip("+-").partition(".")
        return len(whole.lstrip("0")) <= precision - scale and len(fraction.rstrip("0")) <= scale
    return not base.startswith(("date", "timestamp")) or _is_moment(value)


def _sizes(kind: str) -> list[int]:
    found = _SIZES.search(kind)
    return [int(size) for size in found.groups() if size] if found else []


def _is_moment(value: str) -> bool:
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
