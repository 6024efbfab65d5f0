"""What the system views tell of external tables: the Data Catalog's tables, columns and partitions, as they are now.

In: a view's name and the schemas that a user may use. Out: its columns, and its rows as CSV. Views of the warehouse
that tell of external tables too have those rows beside their own; a schema whose role may not see its tables fails the
other views, and is left out of these with a warning. No page says what Redshift does there, nor how it spells types.
Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_EXTERNAL_TABLES.html, r_SVV_EXTERNAL_COLUMNS.html,
r_SVV_EXTERNAL_PARTITIONS.html, r_SVV_TABLES.html, r_SVV_COLUMNS.html, r_SVV_ALL_TABLES.html, r_SVV_ALL_COLUMNS.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.redshift.errors import RedshiftError
from local.redshift.external.catalog import ExternalColumn, ExternalSchema
from local.redshift.names import true_name
from local.redshift.roles import Roles

if TYPE_CHECKING:
    from local.redshift.external.glue import DataCatalog

_TEXT, _INTEGER, _NAME, _REMARKS = "character varying", "integer", "character varying(128)", "character varying(256)"
_STORAGE = (
    ("input_format", _TEXT),
    ("output_format", _TEXT),
    ("serialization_lib", _TEXT),
    ("serde_parameters", _TEXT),
    ("compressed", _INTEGER),
    ("parameters", _TEXT),
)
_LOCATION_CHARACTERS = _NAME_CHARACTERS = 128  # of a partition's location, and a type; what is longer is cut
_SIZED = re.compile(r"(?P<name>[a-z ]+?)(?:\((?P<first>\d+)(?:,(?P<second>\d+))?\))?")
_NUMBERS = {  # precision, radix, scale
    "smallint": (16, 2, 0), "integer": (32, 2, 0), "bigint": (64, 2, 0), "real": (24, 2, None),
    "double precision": (53, 2, None),
}  # fmt: skip
_MOMENTS = {"date": 0, "timestamp without time zone": 6}
_Row = list[Any]
_Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Told:
    """A view: its columns, which of them is the schema, its rows, and whether it tells of the warehouse too."""

    columns: _Columns
    schema_column: str
    rows: Callable[[DataCatalog], Iterator[_Row]]
    is_beside: bool = False


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
        yield [*_named(catalog), table.name, kind, table.location, *_storage(described)]


def _columns(catalog: DataCatalog) -> Iterator[_Row]:
    for table, _ in catalog.tables():
        for number, column in enumerate((*table.columns, *table.keys), 1):
            key = max(0, number - len(table.columns))
            yield [*_named(catalog), table.name, column.name, column.kind, number, key, ""]


def _partitions(catalog: DataCatalog) -> Iterator[_Row]:
    for table, _ in catalog.tables():
        for described in catalog.described_partitions(table.name) if table.keys else ():
            values = json.dumps(described["Values"], separators=(",", ":"))
            location = described.get("StorageDescriptor", {}).get("Location", "")[:_LOCATION_CHARACTERS]
            yield [true_name(catalog.schema.name), table.name, values, location, *_storage(described)]


def _named(catalog: DataCatalog) -> list[str]:
    return [catalog.schema.shown_in, true_name(catalog.schema.name)]


# --- beside the warehouse's own ---


def _tables_beside(catalog: DataCatalog) -> Iterator[_Row]:
    for table, _ in catalog.tables():
        yield [*_named(catalog), table.name, "EXTERNAL TABLE", None]


def _all_tables(catalog: DataCatalog) -> Iterator[_Row]:
    for row in _tables_beside(catalog):
        yield [*row, None]


def _columns_beside(catalog: DataCatalog) -> Iterator[_Row]:
    for place, length, precision, radix, scale, moment in _all_of_columns(catalog):
        yield [*place, length, precision, radix, scale, moment, *[None] * 10]


def _all_columns(catalog: DataCatalog) -> Iterator[_Row]:
    for place, length, precision, _, scale, _ in _all_of_columns(catalog):
        yield [*place, length, precision, scale, None]


def _all_of_columns(catalog: DataCatalog) -> Iterator[tuple[_Row, Any, Any, Any, Any, Any]]:
    """Yield of each column what both views begin with, and the sizes of its type (see _sized)."""
    for table, _ in catalog.tables():
        for number, column in enumerate((*table.columns, *table.keys), 1):
            name, length, *sizes = _sized(column)
            yield [*_named(catalog), table.name, column.name, number, None, "", name], length, *sizes


def _sized(column: ExternalColumn) -> tuple[Any, ...]:
    """Return a type's name, its length, precision, radix, scale, and its moments' precision.

    >>> _sized(ExternalColumn("a", "decimal(8,2)")), _sized(ExternalColumn("a", "varchar(9)"))
    (('numeric', None, 8, 10, 2, None), ('character varying', 9, None, None, None, None))
    >>> _sized(ExternalColumn("a", "array<int>"))
    ('array<int>', None, None, None, None, None)
    """
    match = _SIZED.fullmatch(column.type or "")
    if not match:
        return column.kind[:_NAME_CHARACTERS], *[None] * 5
    name, first = match["name"], int(match["first"] or 0)
    if name == "numeric":
        return name, None, first, 10, int(match["second"]), None
    precision, radix, scale = _NUMBERS.get(name, (None, None, None))
    return name, first or None, precision, radix, scale, _MOMENTS.get(name)


_NAMED = (("redshift_database_name", _TEXT), ("schemaname", _TEXT), ("tablename", _TEXT))
_TABLE = tuple((f"table_{part}", _NAME) for part in ("catalog", "schema", "name"))
_ALL = tuple((f"{part}_name", _NAME) for part in ("database", "schema", "table"))
_COLUMN = (
    ("column_name", _NAME), ("ordinal_position", _INTEGER), ("column_default", "character varying(4000)"),
    ("is_nullable", "character varying(3)"), ("data_type", _NAME), ("character_maximum_length", _INTEGER),
    ("numeric_precision", _INTEGER),
)  # fmt: skip
_UNKNOWN = (
    "interval_type", "interval_precision", "character_set_catalog", "character_set_schema", "character_set_name",
    "collation_catalog", "collation_schema", "collation_name", "domain_name",
)  # fmt: skip
TOLD = {
    "svv_external_tables": Told(
        (*_NAMED, ("tabletype", _TEXT), ("location", _TEXT), *_STORAGE), "schemaname", _tables
    ),
    "svv_external_columns": Told(
        (
            *_NAMED, ("columnname", _TEXT), ("external_type", _TEXT), ("columnnum", _INTEGER), ("part_key", _INTEGER),
            ("is_nullable", _TEXT),
        ),
        "schemaname", _columns,
    ),
    "svv_external_partitions": Told(
        (*_NAMED[1:], ("values", _TEXT), ("location", _TEXT), *_STORAGE), "schemaname", _partitions
    ),
    "svv_tables": Told(
        (*_TABLE, ("table_type", _NAME), ("remarks", _REMARKS)), "table_schema", _tables_beside, is_beside=True
    ),
    "svv_columns": Told(
        (
            *_TABLE, *_COLUMN, ("numeric_precision_radix", _INTEGER), ("numeric_scale", _INTEGER),
            ("datetime_precision", _INTEGER), *((name, _NAME) for name in _UNKNOWN), ("remarks", _REMARKS),
        ),
        "table_schema", _columns_beside, is_beside=True,
    ),
    "svv_all_tables": Told(
        (*_ALL, ("table_type", _NAME), ("table_acl", _NAME), ("remarks", _REMARKS)), "schema_name", _all_tables,
        is_beside=True,
    ),
    "svv_all_columns": Told(
        (*_ALL, *_COLUMN, ("numeric_scale", _INTEGER), ("remarks", _REMARKS)), "schema_name", _all_columns,
        is_beside=True,
    ),
}  # fmt: skip


def is_beside(name: Sequence[str]) -> bool:
    """Tell whether a name is a view's that tells of the warehouse's tables too."""
    return name[-1] in TOLD and TOLD[name[-1]].is_beside


def told_rows(view: str, schemas: Iterable[ExternalSchema], roles: Roles, left_out: list[str]) -> Iterator[bytes]:
    """Yield a view's rows as CSV, one chunk a schema; say of a schema that is left out why.

    Raises:
        RedshiftError: the role of a schema may not see its tables.
    """
    from local.redshift.external.glue import DataCatalog  # here: botocore takes longer to load than a session to begin

    for schema in schemas:
        try:
            rows = list(TOLD[view].rows(DataCatalog(schema, roles)))
        except RedshiftError as error:
            if not TOLD[view].is_beside:
                raise
            left_out.append(f'{view} leaves out the external schema "{true_name(schema.name)}": {error.message}')
        else:
            yield "".join(map(_line, rows)).encode()


def _line(row: _Row) -> str:
    """Return a line of CSV, in which NULL is nothing and every other value quoted."""
    return ",".join("" if value is None else '"' + str(value).replace('"', '""') + '"' for value in row) + "\n"
