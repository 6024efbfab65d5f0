"""LAND: the tables of the datasets, as the warehouse has them.

In: a dataset. Out: its landing table's columns and what its ledger records, read once and kept while the function is
warm, up to date with its own loads; `forget` makes the next look fresh.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ingest_lambda.warehouse import ddl
from ingest_lambda.warehouse.client import Connection
from ingest_lambda.warehouse.removals import REMOVED_AT
from ingest_lambda.warehouse.sessions import Warehouse
from ingest_lambda.warehouse.sqltypes import VARBYTE, SqlType, parse_type
from ingest_lambda.warehouse.statements import CLOCK_FACT, DATASET_NAME, METADATA, PATH_FACT, Column

Columns = tuple[Column, ...]
COUNTED_AT_ONCE = 200  # names of the longest kind are 30 KB of the 100 KB that a statement may have


@dataclass(frozen=True)
class Tables:
    """What is there of a dataset: landing's columns, metadata excluded (None: no such table).

    `records_paths`: its ledger has a column for what came from the files' paths, or will be made with one. `restores`:
    its ledger says whose rows were removed, which a load of such a file brings back. `records_clocks`: it has a column
    for what timestamps are, or will be made with one.
    """

    columns: Columns | None = None
    records_paths: bool = True
    restores: bool = False
    records_clocks: bool = True


class Catalog:
    """Remembers the tables of each dataset that has landed, and which of landing's columns hold a value."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._known: dict[str, Tables] = {}
        self._with_values: dict[str, set[str]] = {}

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

    def with_values(self, dataset: str) -> frozenset[str]:
        """Name the columns that are known to have held a value; where theirs were undone since, they keep their types.

        So before a file is refused for a type, all of it is forgotten.
        """
        return frozenset(self._with_values.get(dataset, ()))

    def add_values(self, dataset: str, columns: Iterable[str]) -> None:
        """Take note of columns that hold a value."""
        self._with_values.setdefault(dataset, set()).update(columns)

    def remember(self, dataset: str, tables: Tables) -> None:
        """Take the tables from the load that has just left them so, instead of reading them again."""
        self._known[dataset] = tables

    def forget(self, dataset: str) -> None:
        """Read the tables again at the next look, and count again what holds a value: all of it may be undone."""
        self._known.pop(dataset, None)
        self._with_values.pop(dataset, None)


def read_tables(connection: Connection, dataset: str) -> Tables:
    """Ask the warehouse, in one query, for what is there of a dataset."""
    rows = connection.query(ddl.select_columns(dataset))
    landing = [row for row in rows if row["table_schema"] == "landing"]
    ledger = {row["column_name"] for row in rows if row["table_schema"] == "ledger"}
    columns = (Column(row["column_name"], column_type(row)) for row in landing if row["column_name"] not in METADATA)
    return Tables(
        tuple(columns) if landing else None,
        records_paths=not ledger or PATH_FACT[0] in ledger,
        restores=REMOVED_AT in ledger,
        records_clocks=not ledger or CLOCK_FACT[0] in ledger,
    )


def read_columns(connection: Connection, dataset: str) -> Columns | None:
    """Ask the warehouse for the columns of `landing.<dataset>`, metadata excluded; None if there is no such table."""
    return read_tables(connection, dataset).columns


def landed_datasets(connection: Connection, wanted: str | None = None) -> list[str]:
    """List the datasets that have a landing table; only the wanted one where it is given (none if it has none)."""
    names = [str(row["dataset"]) for row in connection.query(ddl.select_landed_datasets())]
    return [name for name in names if DATASET_NAME.fullmatch(name) and wanted in (None, name)]


def count_values(connection: Connection, dataset: str, columns: Iterable[str]) -> tuple[int, frozenset[str]]:
    """Count the rows of `landing.<dataset>`, and tell which of the columns have no value in any of them."""
    names, empty, row_count = sorted(columns), set[str](), 0
    for start in range(0, max(len(names), 1), COUNTED_AT_ONCE):
        some = names[start : start + COUNTED_AT_ONCE]
        [row] = connection.query(ddl.count_rows(dataset, some))
        row_count = int(row["row_count"])
        empty |= {name for number, name in enumerate(some) if int(row[f"values_{number}"]) == 0}
    return row_count, frozenset(empty)


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
