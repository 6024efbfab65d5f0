"""LAND: rows that are longer than COPY takes.

In: the columns of a batch, in the types that they travel in. Out: nothing, or the rejection that names the first row
that is too long. Pure. COPY would fail on it whatever it is told, and with it the load of every file beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse.sqltypes import MAX_VARBYTE, MAX_VARCHAR

# "The maximum size of a single input row from any source is 4 MB":
# https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-source.html
MAX_ROW_BYTES = 4 * 1024 * 1024


def refuse_long_rows(columns: Sequence[pa.Array], rows_before: int) -> None:
    """Refuse a batch with a row of more than MAX_ROW_BYTES; `rows_before` it are as many of its file.

    Few files can have one, for no value is that long: only those of many columns of texts, or some of nested values.

    >>> refuse_long_rows([pa.array(["a"]), pa.array([1])], 0)

    Raises:
        RejectedFileError: there is one.
    """
    if sum(map(_longest, columns)) <= MAX_ROW_BYTES or sum(column.nbytes for column in columns) <= MAX_ROW_BYTES:
        return
    fixed = sum(_longest(column) for column in columns if not _is_variable(column))
    total = pa.repeat(pa.scalar(fixed, pa.int64()), len(columns[0]))
    for column in columns:
        if _is_variable(column):
            total = pc.add(total, pc.fill_null(pc.binary_length(column), 0))
    index = pc.index(pc.greater(total, MAX_ROW_BYTES), True).as_py()
    if index >= 0:
        row = rows_before + index + 1
        raise RejectedFileError(
            Reason.OVERSIZE_VALUE,
            f"row {row} is longer than a row that the warehouse takes, whatever its columns are",
            found=f"{total[index].as_py()} bytes",
            expected=f"at most {MAX_ROW_BYTES} bytes a row",
            row=row,
            remedy="shorten the row's values, or write some of its columns into files of another dataset: a row has "
            f"{MAX_ROW_BYTES} bytes at most",
        )


def _longest(column: pa.Array) -> int:
    """Say how many bytes a value has at most."""
    if types.is_binary(column.type):
        return MAX_VARBYTE
    return MAX_VARCHAR if _is_variable(column) else max(int(column.type.bit_width) // 8, 1)


def _is_variable(column: pa.Array) -> bool:
    return bool(types.is_string(column.type) or types.is_binary(column.type))
