"""LAND: what the folders of a key do to the landing table.

In: a file's key. Out: the columns that its hive parts (`region=EU/`) add, described as a file's columns are, or the
rejection of the file. Pure. docs/schema_change.md says which datasets have such columns.
"""

from __future__ import annotations

from ingest_lambda.arrive.partitions import REMEDY, PathColumn, path_columns
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.judge.names import landing_names
from ingest_lambda.read.schema import FileColumn
from ingest_lambda.warehouse.sqltypes import VARCHAR, SqlType


def columns_of_path(key: str, *, keeps_positions: bool = False) -> tuple[PathColumn, ...]:
    """Read the columns that a key's folders name; `keeps_positions` as in `landing_names`.

    Raises:
        RejectedFileError: a folder names one that no landing table can have, or two folders disagree.
    """
    columns = path_columns(key)
    for column in columns:
        try:
            landing_names([column.name], keeps_positions=keeps_positions)
        except RejectedFileError as error:
            raise of_the_path(error, column) from error
    return columns


def described(column: PathColumn, type_: SqlType | None) -> FileColumn:
    """Describe a column of the path: of a type that is given, else a text that fixes none.

    >>> column = described(PathColumn("n=7", "n", "7"), None)
    >>> column.found, str(column.type), column.is_void
    ('text (of the path)', 'VARCHAR(65535)', True)
    """
    return FileColumn(column.name, "text (of the path)", type_ or VARCHAR, is_void=type_ is None)


def of_the_path(error: RejectedFileError, column: PathColumn, remedy: str | None = None) -> RejectedFileError:
    """Say of a rejection that a folder is its cause; `remedy` is what else would help."""
    return RejectedFileError(
        error.reason,
        f"the folder {column.folder} of the key names a column: {error.detail}",
        column=column.name,
        found=column.folder,
        expected=error.expected,
        remedy=f"{remedy}; or {REMEDY}" if remedy else REMEDY,
    )
