"""Rows that are longer than COPY takes are found and named before it fails on them."""

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.row_size import MAX_ROW_BYTES, refuse_long_rows
from ingest_lambda.warehouse.sqltypes import MAX_VARBYTE

NUMBERS = pa.array([1, 2], pa.int64())  # 8 bytes of each row


def columns(first: int, second: int) -> list[pa.Array]:
    """Make two rows of so many bytes, in a column of numbers and five of bytes."""
    rows = [[min(MAX_VARBYTE, max(0, size - 8 - at * MAX_VARBYTE)) for size in (first, second)] for at in range(5)]
    return [NUMBERS, *(pa.array([b"x" * size or None for size in sizes], pa.binary()) for sizes in rows)]


def test_the_first_row_that_is_too_long_is_named_with_its_bytes() -> None:
    with pytest.raises(RejectedFileError) as refused:
        refuse_long_rows(columns(MAX_ROW_BYTES, MAX_ROW_BYTES + 1), rows_before=10)
    error = refused.value
    assert (error.reason, error.row, error.column) == (Reason.OVERSIZE_VALUE, 12, None)
    assert (error.found, error.expected) == (f"{MAX_ROW_BYTES + 1} bytes", f"at most {MAX_ROW_BYTES} bytes a row")


def test_rows_of_the_most_that_there_may_be_are_not() -> None:
    refuse_long_rows(columns(MAX_ROW_BYTES, MAX_ROW_BYTES), rows_before=0)
