"""What a command of external schemas and tables does: in the Data Catalog at once, in PostgreSQL by a statement.

In: a command and the schema that it names. Out: a change of the catalog, which no transaction takes back, and the
statement for PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from local.redshift.errors import ACTIVE_TRANSACTION, RedshiftError
from local.redshift.external.catalog import PARTITIONS_AT_ONCE, ExternalSchema, ExternalTable, Partition
from local.redshift.external.command import (
    AddPartitions,
    Command,
    CreateSchema,
    CreateTable,
    DropPartition,
    DropSchema,
    DropTable,
    Unoffered,
)
from local.redshift.external.partition_values import hold_values
from local.redshift.external.reading import NULL_PARTITION
from local.redshift.external.stored import FORMS
from local.redshift.external.text_form import START_OF_HEADING
from local.redshift.masking import quote_literal
from local.redshift.sql.scope import quote

if TYPE_CHECKING:
    from local.redshift.external.glue import DataCatalog

_NOTHING = "do $external$ begin end $external$"


def hold(command: Command, in_block: bool) -> None:
    """Refuse what is not offered, and in a transaction block what changes the catalog at once.

    Of DROP EXTERNAL DATABASE no page says so; a rollback could not bring it back.

    Raises:
        RedshiftError: it is such a command.
    """
    at_once = not isinstance(command, CreateSchema | DropSchema) or (
        isinstance(command, DropSchema) and command.drops_database
    )
    if isinstance(command, Unoffered):
        raise RedshiftError(command.reason)
    if in_block and at_once:
        raise RedshiftError(f"{command.words} cannot run inside a transaction block", ACTIVE_TRANSACTION)


def statement_of(command: Command) -> str:
    """Return what PostgreSQL runs, which a transaction may take back."""
    match command:
        case CreateSchema(name, database=database, role=role, region=region, unless_there=unless_there):
            listed = ", ".join(map(quote_literal, (name, database, role, region)))
            return f"call pg_catalog.rs_create_external_schema({listed}, {str(unless_there).lower()})"
        case DropSchema(name, if_there=if_there, cascades=cascades):
            return f"drop schema {'if exists ' * if_there}{quote(name)} {'cascade' if cascades else 'restrict'}"
    return _NOTHING


def perform(command: Command, schema: ExternalSchema) -> None:
    """Change the catalog.

    Raises:
        RedshiftError: the role may not, or what is named is there, or is not.
    """
    from local.redshift.external.glue import DataCatalog  # here: botocore takes longer to load than a session to begin

    _DONE[type(command)](command, DataCatalog(schema))


def _create_schema(command: CreateSchema, catalog: DataCatalog) -> None:
    if command.creates_database:
        catalog.create_database()


def _drop_schema(command: DropSchema, catalog: DataCatalog) -> None:
    if not command.drops_database:
        return
    if not command.cascades and catalog.tables():
        raise RedshiftError(
            f"cannot drop external database {catalog.schema.database} because it has tables: use CASCADE", "2BP01"
        )
    catalog.delete_database()


def _create_table(command: CreateTable, catalog: DataCatalog) -> None:
    form = FORMS[command.form]
    parameters = {"serialization.format": "1"}
    if command.form == "textfile":
        delimiter = command.delimiter or START_OF_HEADING
        parameters = {"serialization.format": delimiter, "field.delim": delimiter}
    catalog.create_table(
        {
            "Name": command.table,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", **command.properties},
            "PartitionKeys": [{"Name": name, "Type": kind} for name, kind in command.keys],
            "StorageDescriptor": {
                "Columns": [{"Name": name, "Type": kind} for name, kind in command.columns],
                "Location": command.location,
                "InputFormat": form.reader,
                "OutputFormat": form.writer,
                "SerdeInfo": {"SerializationLibrary": form.serde, "Parameters": parameters},
            },
        }
    )


def _drop_table(command: DropTable, catalog: DataCatalog) -> None:
    if not catalog.delete_table(command.table) and not command.if_there:
        raise _missing(command)


def _add_partitions(command: AddPartitions, catalog: DataCatalog) -> None:
    table = _table(command, catalog)
    if len(command.added) > PARTITIONS_AT_ONCE:
        raise RedshiftError(f"one ALTER TABLE adds no more than {PARTITIONS_AT_ONCE} partitions")
    added = [Partition(_in_order(table, values), location) for values, location in command.added]
    for partition in added:
        _refuse_empty(table, partition.values)
        hold_values(table, partition.values)
    catalog.add_partitions(table, added, command.unless_there)


def _refuse_empty(table: ExternalTable, values: tuple[str, ...]) -> None:
    """Refuse what AWS Glue takes for no value: https://docs.aws.amazon.com/glue/latest/webapi/API_PartitionInput.html."""
    for key, value in zip(table.keys, values, strict=True):
        if not value:
            raise RedshiftError(
                f'the partition column "{key.name}" of {table.full_name} has an empty value, which the Data Catalog '
                f"cannot keep: add the partition with a value, for NULL '{NULL_PARTITION}'",
                "22023",
            )


def _drop_partition(command: DropPartition, catalog: DataCatalog) -> None:
    table = _table(command, catalog)
    catalog.drop_partition(table, _in_order(table, command.values))


def _table(command: AddPartitions | DropPartition, catalog: DataCatalog) -> ExternalTable:
    table = catalog.table(command.table)
    if table is None:
        raise _missing(command)
    return table


def _in_order(table: ExternalTable, values: dict[str, str]) -> tuple[str, ...]:
    keys = [key.name for key in table.keys]
    if set(values) != set(keys):
        raise RedshiftError(f"the partition columns of {table.full_name} are: {', '.join(keys) or 'none'}", "42703")
    return tuple(values[key] for key in keys)


def _missing(command: AddPartitions | DropPartition | DropTable) -> RedshiftError:
    return RedshiftError(f'relation "{command.schema}.{command.table}" does not exist', "42P01")


_DONE: dict[type[Command], Callable[[Any, DataCatalog], None]] = {
    CreateSchema: _create_schema,
    DropSchema: _drop_schema,
    CreateTable: _create_table,
    DropTable: _drop_table,
    AddPartitions: _add_partitions,
    DropPartition: _drop_partition,
}
