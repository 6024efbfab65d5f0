"""LAND: the columns of the landing tables, as the warehouse has them.

In: a dataset. Out: its columns, read once and kept while the function is warm, up to date with its own loads;
`forget` makes the next look fresh.
"""

from __future__ import annotations

from typing import Any

from ingest_lambda.warehouse import ddl
from ingest_lambda.warehouse.client import Connection, Warehouse
from ingest_lambda.warehouse.sqltypes import VARBYTE, SqlType, parse_type
from ingest_lambda.warehouse.statements import METADATA, Column

Columns = tuple[Column, ...]


class Catalog:
    """Remembers the columns of each landing table, metadata excluded."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._known: dict[str, Columns] = {}

    def remembers(self, dataset: str) -> bool:
        """Tell whether `columns` would answer from memory."""
        return dataset in self._known

    def columns(self, dataset: str) -> Columns | None:
        """Return the columns of `landing.<dataset>`, None if there is no such table."""
        if dataset not in self._known:
            with self._warehouse.session() as session:
                columns = read_columns(session, dataset)
            if columns is None:
                return None
            self._known[dataset] = columns
        return self._known[dataset]

    def remember(self, dataset: str, columns: Columns) -> None:
        """Take the columns from the load that has just left them so, instead of reading them again."""
        self._known[dataset] = columns

    def forget(self, dataset: str) -> None:
        """Read the table's columns again at the next look."""
        self._known.pop(dataset, None)


def read_columns(connection: Connection, dataset: str) -> Columns | None:
    """Ask the warehouse for the columns of `landing.<dataset>`, metadata excluded; None if there is no such table."""
    rows = connection.query(ddl.select_columns(dataset))
    if not rows:
        return None
    return tuple(Column(row["column_name"], column_type(row)) for row in rows if row["column_name"] not in METADATA)


def column_type(row: dict[str, Any]) -> SqlType:
    """Read the type of a column out of its row in `svv_columns`; a type landing never makes keeps its own name.

    >>> str(column_type({"data_type": "numeric", "numeric_precision": 18, "numeric_scale": 2}))
    'DECIMAL(18,2)'
    >>> str(column_type({"data_type": "binary varying"}))
    'VARBYTE(1024000)'
    """
    name = str(row["data_type"])
    arguments = ""
    if name == "numeric":
        arguments = f"({row['numeric_precision']},{row['numeric_scale']})"
    elif row.get("character_maximum_length"):
        arguments = f"({row['character_maximum_length']})"
    elif name == "binary varying":  # SVV_COLUMNS need not tell its length; landing tables have it at its longest
        arguments = "(max)"
    try:
        type_ = parse_type(name + arguments)
    except ValueError:
        return SqlType(name.upper())
    return VARBYTE if type_.name == "VARBYTE" and not arguments else type_  # the catalog need not give its length
