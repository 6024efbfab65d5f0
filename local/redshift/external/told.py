"""What the system views tell of external tables: the Data Catalog's tables, columns and partitions, as they are now.

In: a view's name and the schemas that a user may use. Out: its columns, and its rows as CSV.
Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_EXTERNAL_TABLES.html, r_SVV_EXTERNAL_COLUMNS.html,
r_SVV_EXTERNAL_PARTITIONS.html
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from local.redshift.external.catalog import DataCatalog, ExternalSchema
from local.redshift.names import true_name

_TEXT, _INTEGER = "character varying", "integer"
_STORAGE = (
    ("input_format", _TEXT),
    ("output_format", _TEXT),
    ("serialization_lib", _TEXT),
    ("serde_parameters", _TEXT),
    ("compressed", _INTEGER),
    ("parameters", _TEXT),
)
_LOCATION_CHARACTERS = 128  # of a partition's location; what is longer is cut
_Row = list[Any]


def _storage(described: dict[str, Any]) -> _Row:
    storage = described.get("StorageDescriptor", {})
    serde = storage.get("SerdeInfo", {})
    return [
        storage.get("InputFormat", ""),
        storage.get("OutputFormat", ""),
        serde.get("SerializationLibrary", ""),
        json.dumps(serde.get("Parameters", {}), separators=(",", ":")),
        int(bool(storage.get("Compressed"))),
        json.dumps(described.get("Parameters", {}), separators=(",", ":")),
    ]


def _tables(catalog: DataCatalog) -> Iterator[_Row]:
    for table, described in catalog.tables():
        kind = "VIEW" if described.get("TableType") == "VIRTUAL_VIEW" else "TABLE"
        yield [
            catalog.schema.shown_in,
            true_name(catalog.schema.name),
            table.name,
            kind,
            table.location,
            *_storage(described),
        ]


def _columns(catalog: DataCatalog) -> Iterator[_Row]:
    for table, _ in catalog.tables():
        for number, column in enumerate((*table.columns, *table.keys), 1):
            key = max(0, number - len(table.columns))
            yield [
                catalog.schema.shown_in,
                true_name(catalog.schema.name),
                table.name,
                column.name,
                column.kind,
                number,
                key,
                "",
            ]


def _partitions(catalog: DataCatalog) -> Iterator[_Row]:
    for table, _ in catalog.tables():
        for described in catalog.described_partitions(table.name) if table.keys else ():
            values = json.dumps(described["Values"], separators=(",", ":"))
            location = described.get("StorageDescriptor", {}).get("Location", "")[:_LOCATION_CHARACTERS]
            yield [true_name(catalog.schema.name), table.name, values, location, *_storage(described)]


_NAMED = (("redshift_database_name", _TEXT), ("schemaname", _TEXT), ("tablename", _TEXT))
TOLD: dict[str, tuple[tuple[tuple[str, str], ...], Callable[[DataCatalog], Iterator[_Row]]]] = {
    "svv_external_tables": ((*_NAMED, ("tabletype", _TEXT), ("location", _TEXT), *_STORAGE), _tables),
    "svv_external_columns": (
        (
            *_NAMED, ("columnname", _TEXT), ("external_type", _TEXT), ("columnnum", _INTEGER), ("part_key", _INTEGER),
            ("is_nullable", _TEXT),
        ),
        _columns,
    ),
    "svv_external_partitions": ((*_NAMED[1:], ("values", _TEXT), ("location", _TEXT), *_STORAGE), _partitions),
}  # fmt: skip


def told_columns(view: str) -> tuple[tuple[str, str], ...]:
    """Return the columns of a view with their types."""
    return TOLD[view][0]


def told_rows(view: str, schemas: Sequence[ExternalSchema]) -> Iterator[bytes]:
    """Yield a view's rows as CSV, one chunk a schema.

    Raises:
        RedshiftError: the role of a schema may not see its tables.
    """
    for schema in schemas:
        output = io.StringIO()
        writer = csv.writer(output, quoting=csv.QUOTE_NOTNULL if hasattr(csv, "QUOTE_NOTNULL") else csv.QUOTE_ALL)
        writer.writerows(TOLD[view][1](DataCatalog(schema)))
        yield output.getvalue().encode()
