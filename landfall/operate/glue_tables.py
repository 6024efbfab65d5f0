"""OPERATE, catalog: tables of the Glue catalog and their partitions, brought to what they should be.

In: Glue's input of a table, the partitions that have files. Out: the catalog has both and no other partition. Files
stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from ingest_lambda.errors import ConfigError
from landfall.operate import hive_layout
from landfall.operate.hive_layout import Partition

# https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html, and of BatchUpdatePartition alike
PARTITIONS_A_CALL = 100
# Of each table that was made for the dataset, or model, of its name. No parameter says it: what readers make of those
# that they do not know, no page tells. https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html (Owner)
OWNER = "landfall"


class AnothersTableError(ConfigError):
    """A table of that name is there, and another made it: it stays as it is."""


def register(glue: Any, database: str, definition: Mapping[str, Any], is_former_place: Callable[[str], bool]) -> str:
    """Create the table, or bring it to its definition; return which: created or updated.

    One that is partitioned by other columns is made anew: its partitions have values of those columns, and each query
    of them would fail. What another made stays as it is.

    Args:
        glue: a client.
        database: the table's.
        definition: Glue's input of it.
        is_former_place: tells whether a location is one that earlier releases, which set no owner, pointed this table
            to: they made one without owner that is there.

    Raises:
        AnothersTableError: the table of that name is another's.
    """
    try:
        glue.create_table(DatabaseName=database, TableInput=definition)
    except glue.exceptions.AlreadyExistsException:
        held = glue.get_table(DatabaseName=database, Name=definition["Name"])["Table"]
        _refuse_anothers(database, held, is_former_place)
        if _names(held) == _names(definition):
            glue.update_table(DatabaseName=database, TableInput=definition)
        else:
            remove(glue, database, str(definition["Name"]))
            glue.create_table(DatabaseName=database, TableInput=definition)
        return "updated"
    return "created"


def register_partitions(glue: Any, database: str, definition: Mapping[str, Any], found: Sequence[Partition]) -> None:
    """Let a table have these partitions and no other, for readers that project none: Redshift's external schemas.

    Athena leaves those of a projected table aside:
    https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html

    Raises:
        ConfigError: Glue does not take one.
    """
    name, storage = str(definition["Name"]), definition["StorageDescriptor"]
    keys = tuple(_names(definition))
    wanted = {
        each.values: {**storage, "Location": storage["Location"] + hive_layout.place(keys, each.texts)}
        for each in found
    }
    there = {tuple(each["Values"]): each["StorageDescriptor"] for each in _partitions(glue, database, name)}
    missing = [values for values in wanted if values not in there]
    changed = [values for values in wanted if values in there and _differs(wanted[values], there[values])]

    def create(some: Sequence[tuple[str, ...]]) -> Any:
        inputs = [{"Values": list(values), "StorageDescriptor": wanted[values]} for values in some]
        return glue.batch_create_partition(DatabaseName=database, TableName=name, PartitionInputList=inputs)

    def update(some: Sequence[tuple[str, ...]]) -> Any:
        entries = [
            {
                "PartitionValueList": list(values),
                "PartitionInput": {"Values": list(values), "StorageDescriptor": wanted[values]},
            }
            for values in some
        ]
        return glue.batch_update_partition(DatabaseName=database, TableName=name, Entries=entries)

    _in_batches(f"{database}.{name}", create, missing)
    _in_batches(f"{database}.{name}", update, changed)
    for values in there:
        if values not in wanted:
            _delete(glue, database, name, values)


def remove(glue: Any, database: str, name: str) -> None:
    """Delete a table, its partitions before it: what outlives its table Glue takes away when it likes.

    https://docs.aws.amazon.com/glue/latest/webapi/API_DeleteTable.html
    """
    for each in list(_partitions(glue, database, name)):
        _delete(glue, database, name, tuple(each["Values"]))
    glue.delete_table(DatabaseName=database, Name=name)


def remove_others(glue: Any, database: str, declared: Collection[str]) -> list[str]:
    """Delete the tables that were made for datasets which are `declared` no longer; return their names."""
    pages = glue.get_paginator("get_tables").paginate(DatabaseName=database)
    own = {str(table["Name"]) for page in pages for table in page["TableList"] if table.get("Owner") == OWNER}
    gone = sorted(own - set(declared))
    for name in gone:
        remove(glue, database, name)
    return gone


def location(glue: Any, database: str, name: str) -> str:
    """Return where a table of the catalog points to; empty where there is no such table."""
    try:
        return _place(glue.get_table(DatabaseName=database, Name=name)["Table"])
    except glue.exceptions.EntityNotFoundException:
        return ""


def _refuse_anothers(database: str, held: Mapping[str, Any], is_former_place: Callable[[str], bool]) -> None:
    owner, place = held.get("Owner", ""), _place(held)
    if owner == OWNER or (not owner and is_former_place(place)):
        return
    raise AnothersTableError(
        f"{database}.{held['Name']} is a table that another made: its owner is {owner or 'not set'}, not {OWNER}, and "
        f"it points to {place or 'no place'}; delete it in Glue, or make it anew under another name there"
    )


def _place(table: Mapping[str, Any]) -> str:
    return str(table.get("StorageDescriptor", {}).get("Location", ""))


def _names(table: Mapping[str, Any]) -> list[str]:
    return [str(key["Name"]) for key in table.get("PartitionKeys", [])]


def _partitions(glue: Any, database: str, name: str) -> Iterator[Mapping[str, Any]]:
    for page in glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=name):
        yield from page["Partitions"]


def _differs(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """Tell whether a partition is elsewhere, or has columns that are not its table's."""
    columns = ([(each["Name"], each["Type"]) for each in storage.get("Columns", [])] for storage in (wanted, there))
    return wanted["Location"] != there.get("Location") or next(columns) != next(columns)


def _in_batches(table: str, call: Callable[[Sequence[tuple[str, ...]]], Any], all_: Sequence[tuple[str, ...]]) -> None:
    for start in range(0, len(all_), PARTITIONS_A_CALL):
        for error in call(all_[start : start + PARTITIONS_A_CALL]).get("Errors", []):
            why, values = error["ErrorDetail"], error.get("PartitionValues") or error.get("PartitionValueList")
            if why["ErrorCode"] != "AlreadyExistsException":  # another run was faster
                raise ConfigError(f"{table}, partition {'/'.join(values)}: {why.get('ErrorMessage', why)}")


def _delete(glue: Any, database: str, name: str, values: tuple[str, ...]) -> None:
    try:
        glue.delete_partition(DatabaseName=database, TableName=name, PartitionValues=list(values))
    except glue.exceptions.EntityNotFoundException:  # another run was faster
        return
