"""LAND, read: whether a parquet file belongs to a table format, as its footer says.

In: the metadata of a footer. Out: the `Sign` that a table format wrote the file, or None. Pure.

Only what no other writer leaves is a sign. Field ids are none: older releases of pyarrow numbered every column. Spark's
row metadata is none: Spark writes it into every file. So the data files of Delta Lake, and those of Iceberg's writers
in Python and C++, have no sign of their own: they are known once their log has arrived.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest_lambda.read.metadata import Metadata
from ingest_lambda.table_format import TableFormat

# Hudi's columns of bookkeeping (https://hudi.apache.org/docs/writing_data/); the key is what its upserts go by. One of
# them alone is what a query takes along, such as the commit time to order by.
HUDI_COLUMNS = {"_hoodie_commit_time", "_hoodie_record_key"}
# What Hudi's writers add to the footer: org.apache.hudi.avro.HoodieBloomFilterWriteSupport.
HUDI_KEYS = (
    "org.apache.hudi.bloomfilter",
    "com.uber.hoodie.bloomfilter",
    "hoodie_bloom_filter_type_code",
    "hoodie_min_record_key",
)
# What Iceberg's Java writers add to it: org.apache.iceberg.parquet.Parquet.
ICEBERG_KEY = "iceberg.schema"
ICEBERG_DELETES_KEY = "delete-type"
# https://iceberg.apache.org/spec/#reserved-field-ids: those above are the format's own columns ...
LAST_ICEBERG_DATA_ID = 2_147_483_447
# ... of which these two make a file of positions to delete (https://iceberg.apache.org/spec/#position-delete-files).
ICEBERG_FILE_PATH_ID, ICEBERG_POSITION_ID = 2_147_483_546, 2_147_483_545
# https://github.com/delta-io/delta/blob/master/PROTOCOL.md#checkpoint-schema
DELTA_CHECKPOINT_COLUMNS = {"add", "remove", "metaData", "protocol"}
# Where columns are mapped, Delta names them by a UUID (`generatePhysicalName` of org.apache.spark.sql.delta).
DELTA_MAPPED_COLUMN = re.compile(r"col-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Sign:
    """That a file belongs to a table format: what says so, and whether it `has_rows` of the table.

    A file without is of the format's own: rows to delete, or its log.
    """

    format: TableFormat
    found: str
    has_rows: bool = True


def sign_of(said: Metadata) -> Sign | None:
    """Find the sign of a table format in a footer.

    >>> from ingest_lambda.read.metadata import Metadata
    >>> sign_of(Metadata((), (), {"iceberg.schema": "{}", "delete-type": "equality"}))
    Sign(format=<TableFormat.ICEBERG: 'Iceberg'>, found='delete-type=equality in the footer', has_rows=False)
    >>> sign_of(Metadata((), (), {"org.apache.spark.sql.parquet.row.metadata": "{}"}))
    """
    return _hudi(said) or _iceberg(said) or _delta(said)


def _hudi(said: Metadata) -> Sign | None:
    if {column.name.lower() for column in said.columns} >= HUDI_COLUMNS:
        return Sign(TableFormat.HUDI, f"the columns {', '.join(sorted(HUDI_COLUMNS))}")
    key = next((key for key in HUDI_KEYS if key in said.key_values), None)
    return Sign(TableFormat.HUDI, f"{key} in the footer") if key else None


def _iceberg(said: Metadata) -> Sign | None:
    ids = {column.field_id for column in said.columns if column.field_id is not None}
    reserved = sorted(number for number in ids if number > LAST_ICEBERG_DATA_ID)
    deletes = said.key_values.get(ICEBERG_DELETES_KEY)
    if {ICEBERG_FILE_PATH_ID, ICEBERG_POSITION_ID} <= ids:
        return Sign(TableFormat.ICEBERG, f"the field ids {ICEBERG_FILE_PATH_ID}, {ICEBERG_POSITION_ID}", has_rows=False)
    if ICEBERG_KEY in said.key_values:
        if deletes:
            return Sign(TableFormat.ICEBERG, f"{ICEBERG_DELETES_KEY}={deletes} in the footer", has_rows=False)
        return Sign(TableFormat.ICEBERG, f"{ICEBERG_KEY} in the footer")
    return Sign(TableFormat.ICEBERG, f"the reserved field id {reserved[0]}") if reserved else None


def _delta(said: Metadata) -> Sign | None:
    names = [column.name for column in said.columns]
    groups = {column.name for column in said.columns if column.physical is None}
    if groups >= DELTA_CHECKPOINT_COLUMNS:
        found = f"the columns {', '.join(sorted(DELTA_CHECKPOINT_COLUMNS))}"
        return Sign(TableFormat.DELTA, found, has_rows=False)
    mapped = next((name for name in names if DELTA_MAPPED_COLUMN.fullmatch(name)), None)
    return Sign(TableFormat.DELTA, f"the mapped column {mapped}") if mapped else None
