"""LAND, read: which columns of a file bring values, as far as its footer tells.

In: a footer, a column of it. Out: whether values of it may come. Where the footer does not tell, `presence` looks.
Pure.
"""

from __future__ import annotations

from ingest_lambda.read.footer import Footer
from ingest_lambda.read.schema import FileColumn
from ingest_lambda.warehouse.sqltypes import SUPER


def brings_values(footer: Footer, column: FileColumn) -> bool:
    """Tell whether a column may have a value: not if the file says of it that all are NULL."""
    if footer.row_count == 0 or column.is_void:
        return False
    return column.has_values is not False or not is_flat(column)


def is_flat(column: FileColumn) -> bool:
    """Tell whether a column without values is a column of NULLs: a nested one may hold empty lists."""
    return column.type not in (SUPER, None)
