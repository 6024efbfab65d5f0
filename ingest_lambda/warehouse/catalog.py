"""LAND: the tables of the datasets, as the warehouse has them.

In: a dataset. Out: its landing table's columns and what its ledger records, read once and kept while the function is
warm, up to date with its own loads; `forget` makes the next look fresh.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ingest_lambda.warehouse import ddl
from ingest_lambda.warehouse.client import Connection, Warehouse
from ingest_lambda.warehouse.sqltypes import VARBYTE, SqlType, parse_type
from ingest_lambda.warehouse.statements import METADATA, PATH_FACT, Column

Columns = tuple[Column, ...]


@dataclass(frozen=True)
class Tables:
    """What is there of a dataset: landing's columns, metadata excluded (None: no such table).

    `records_paths`: its ledger has a column for what came from the files' paths, or will be made with one.
    """

    columns: Columns | None = None
    records_paths: bool = True


class Catalog:
    """Remembers the tables of each dataset that has landed."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._known: dict[str, Tables] = {}

    def remembers(self, dataset: str) -> bool:
        """Tell whether `tables` would answer from memory."""
        return dataset in self._known

    def tables(self, dataset: str) -> Tables:
        """Return what is there of a dataset."""
        if dataset not in self._known:
            with self._warehouse.session() as session:
                tables = read_tables(session, dataset)
            if tables.columns is None:
                return tables
            self._known[dataset] = tables
        return self._known[dataset]

    def remember(self, dataset: str, tables: Tables) -> None:
        """Take the tables from the load that has just left them so, instead of reading them again."""
        self._known[dataset] = tables

    def forget(self, dataset: str) -> None:
        """Read the tables again at the next look."""
        self._known.pop(dataset, None)


def read_tables(connection: Connection, dataset: str) -> Tables:
    """Ask the warehouse, in one query, for what is there of a dataset."""
    rows = connection.query(ddl.select_columns(dataset))
    landing = [row for row in rows if row["table_schema"] == "landing"]
    ledger = {row["column_name"] for row in rows if row["table_schema"] == "ledger"}
    columns = (Column(row["column_name"], column_type(row)) for row in landing if row["column_name"] not in METADATA)
    return Tables(tuple(columns) if landing else None, records_paths=not ledger or PATH_FACT[0] in ledger)


def read_columns(connection: Connection, dataset: str) -> Columns | None:
    """Ask the warehouse for the columns of `landing.<dataset>`, metadata excluded; None if there is no such table."""
    return read_tables(connection, dataset).columns


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
