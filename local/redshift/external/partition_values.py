"""Values of partition columns, held to their types before they are compared or shown. Pure.

In: a table and a partition. Out: nothing, or a RedshiftError. PostgreSQL would read more spellings than the pages name,
and round: what is shown would then not be what conditions on partitions are held to.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html
"""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.external.catalog import ExternalTable
from local.redshift.external.reading import NULL_PARTITION
from local.redshift.external.values import fits


def hold_values(table: ExternalTable, values: tuple[str, ...]) -> None:
    """Hold a partition's values to the types of their columns.

    Raises:
        RedshiftError: one is not spelt as its type is, or does not fit into it; or there is not one for each column.
    """
    if len(values) != len(table.keys):
        raise RedshiftError(
            f"the partition ({', '.join(values)}) of {table.full_name} has {len(values)} values, and the table the "
            f"partition columns {', '.join(key.name for key in table.keys)}: its columns were changed after the "
            "partition was added; delete the partition in the Data Catalog, and add it with a value for each",
            "22023",
        )
    for key, value in zip(table.keys, values, strict=True):
        if key.type and value != NULL_PARTITION and not fits(value, key.type):
            raise RedshiftError(
                f"the partition value '{value}' of column \"{key.name}\" of {table.full_name} is no {key.kind} as the "
                "local Redshift reads it: add the partition with a value that is, or give the column the type varchar",
                "22023",
            )
