"""The Data Catalog, as the role of an external schema sees it: databases, tables and partitions of AWS Glue.

In: an external schema. Out: its tables as they are now; nothing is kept. Changes are made at once. It is imported where
it is asked: botocore takes longer to load than a session to begin.
Sources: https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-external-schemas.html (rights of the role),
https://docs.aws.amazon.com/glue/latest/webapi/API_StorageDescriptor.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.redshift.errors import INTERNAL_ERROR, RedshiftError
from local.redshift.external.catalog import ExternalColumn, ExternalSchema, ExternalTable, Partition, shown
from local.redshift.external.stored import stored_as
from local.redshift.roles import Roles

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

    from local.redshift.s3_clients import RoleSession

_MISSING, _THERE = "EntityNotFoundException", "AlreadyExistsException"


class DataCatalog:
    """The database of an external schema, through its role."""

    def __init__(self, schema: ExternalSchema, roles: Roles | None = None) -> None:
        """`roles`: those of the statement that asks."""
        self.schema = schema
        self._roles = roles or Roles()

    @property
    def _session(self) -> RoleSession:
        return self._roles.session(self.schema.role)

    @cached_property
    def _glue(self) -> Any:
        return self._session.client("glue", self.schema.region)

    @cached_property
    def s3(self) -> S3Client:
        """A client of S3 for the tables' files."""
        client: S3Client = self._session.client("s3")
        return client

    def table(self, name: str) -> ExternalTable | None:
        """Return a table, None if there is none."""
        with _told():
            try:
                return self._of(self._glue.get_table(DatabaseName=self.schema.database, Name=name)["Table"])
            except ClientError as error:
                if _code(error) == _MISSING:
                    return None
                raise

    def tables(self) -> list[tuple[ExternalTable, dict[str, Any]]]:
        """Return all tables, each with what the catalog says of it, none where there is no such database."""
        with _told():
            try:
                pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=self.schema.database)
                return [(self._of(table), table) for page in pages for table in page["TableList"]]
            except ClientError as error:
                if _code(error) == _MISSING:
                    return []
                raise

    def partitions(self, table: str) -> list[Partition]:
        """Return a table's partitions."""
        return [Partition(tuple(each["Values"]), _location(each), each) for each in self.described_partitions(table)]

    def described_partitions(self, table: str) -> list[dict[str, Any]]:
        """Return a table's partitions as the catalog tells of them."""
        with _told():
            pages = self._glue.get_paginator("get_partitions").paginate(
                DatabaseName=self.schema.database, TableName=table
            )
            return [partition for page in pages for partition in page["Partitions"]]

    def create_database(self) -> None:
        """Make the database unless it is there."""
        with _told(), _unless(_THERE):
            self._glue.create_database(DatabaseInput={"Name": self.schema.database})

    def delete_database(self) -> None:
        """Delete the database with its tables, if it is there."""
        with _told(), _unless(_MISSING):
            self._glue.delete_database(Name=self.schema.database)

    def create_table(self, described: dict[str, Any]) -> None:
        """Make a table of a TableInput.

        Raises:
            RedshiftError: there is one of this name, or no such database.
        """
        with _told():
            try:
                self._glue.create_table(DatabaseName=self.schema.database, TableInput=described)
            except ClientError as error:
                if _code(error) == _THERE:
                    raise RedshiftError(f'relation "{described["Name"]}" already exists', "42P07") from error
                raise

    def delete_table(self, name: str) -> bool:
        """Delete a table; return whether there was one. Its files stay."""
        with _told():
            try:
                self._glue.delete_table(DatabaseName=self.schema.database, Name=name)
            except ClientError as error:
                if _code(error) == _MISSING:
                    return False
                raise
        return True

    def add_partitions(self, table: ExternalTable, added: list[Partition], unless_there: bool) -> None:
        """Add partitions, at once or none.

        Raises:
            RedshiftError: one is there, and may not be.
        """
        there = {table.meant(partition.values) for partition in self.partitions(table.name)}
        new = []
        for partition in added:
            if table.meant(partition.values) not in there:
                new.append(partition)
                there.add(table.meant(partition.values))
            elif not unless_there:
                name = f'partition {shown(partition.values)} of table "{table.name}"'
                raise RedshiftError(f"{name} already exists", "42710")
        with _told():
            described = self._glue.get_table(DatabaseName=self.schema.database, Name=table.name)["Table"]
            wanted = [
                {
                    "Values": list(partition.values),
                    "StorageDescriptor": {**described["StorageDescriptor"], "Location": partition.location},
                }
                for partition in new
            ]
            if wanted:
                self._glue.batch_create_partition(
                    DatabaseName=self.schema.database, TableName=table.name, PartitionInputList=wanted
                )

    def drop_partition(self, table: ExternalTable, values: tuple[str, ...]) -> None:
        """Delete a partition; its files stay.

        Raises:
            RedshiftError: there is no such partition, or the catalog has several of these values.
        """
        wanted = table.meant(values)
        found = [each.values for each in self.partitions(table.name) if table.meant(each.values) == wanted]
        if not found:
            raise RedshiftError(f'partition {shown(values)} of table "{table.name}" does not exist', "42704")
        if len(found) > 1:
            several = ", ".join(map(shown, found))
            raise RedshiftError(f'the partitions {several} of table "{table.name}" are one: delete one in AWS Glue')
        with _told():
            self._glue.delete_partition(
                DatabaseName=self.schema.database, TableName=table.name, PartitionValues=list(found[0])
            )

    def _of(self, described: dict[str, Any]) -> ExternalTable:
        storage = described.get("StorageDescriptor", {})
        return ExternalTable(
            self.schema,
            described["Name"],
            _columns(storage.get("Columns", [])),
            _columns(described.get("PartitionKeys", [])),
            storage.get("Location", ""),
            stored_as(described),
        )


def _columns(described: list[dict[str, Any]]) -> tuple[ExternalColumn, ...]:
    return tuple(ExternalColumn(each["Name"].lower(), each.get("Type", "")) for each in described)


def _location(described: dict[str, Any]) -> str:
    location: str = described.get("StorageDescriptor", {}).get("Location", "")
    return location


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


@contextmanager
def _unless(code: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if _code(error) != code:
            raise


@contextmanager
def _told() -> Iterator[None]:
    """Tell what the catalog refuses in its own words, as Redshift does.

    Source: https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-external-tables.html (not authorized)
    """
    try:
        yield
    except ClientError as error:
        raise RedshiftError(error.response["Error"].get("Message", str(error)), INTERNAL_ERROR) from error
    except BotoCoreError as error:
        raise RedshiftError(str(error), INTERNAL_ERROR) from error
