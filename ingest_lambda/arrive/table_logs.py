"""LAND, arrive: the logs of table formats, by which their folders are known.

In: a key. Out: the folder that a table format owns, where the key is one of its log. Pure.

The log comes after the first data files, whose own names tell nothing: Spark writes the same ones.
"""

from __future__ import annotations

import re

from ingest_lambda.table_format import TableFormat

# The first such folder of a key is the table's: Hudi keeps a table of its own within `.hoodie/`.
LOGS = {
    # https://github.com/delta-io/delta/blob/master/PROTOCOL.md#delta-log-entries: `00000000000000000007.json`, and
    # checkpoints and checksums of the same number.
    TableFormat.DELTA: re.compile(r"(?P<folder>.+?/)_delta_log/\d{20}\.[^/]+", re.DOTALL),
    # https://hudi.apache.org/docs/timeline/: `.hoodie/hoodie.properties`, and an instant of every commit.
    TableFormat.HUDI: re.compile(r"(?P<folder>.+?/)\.hoodie/.+", re.DOTALL),
    # https://iceberg.apache.org/spec/#file-system-tables, and `snap-<snapshot>-<attempt>-<uuid>.avro`: the lists of
    # manifests. Both stand in `metadata/`, beside `data/`.
    TableFormat.ICEBERG: re.compile(
        r"(?P<folder>.+?/)metadata/([^/]+\.metadata\.json(\.gz)?|snap-\d+-[^/]+\.avro|version-hint\.text)", re.DOTALL
    ),
}
FOLDERS = ("/_delta_log/", "/.hoodie/", "/metadata/")
ICEBERGS_OWN = re.compile(r".+/metadata/([^/]+\.(avro|stats|puffin)|partition-stats-[^/]+\.parquet)", re.DOTALL)


def log_of(key: str) -> tuple[str, TableFormat] | None:
    """Name the folder of the table whose log an object is part of, and the table's format; None where it is of none.

    >>> log_of("raw/sales/_delta_log/00000000000000000000.json")
    ('raw/sales/', <TableFormat.DELTA: 'Delta Lake'>)
    >>> log_of("raw/sales/.hoodie/metadata/.hoodie/hoodie.properties")
    ('raw/sales/', <TableFormat.HUDI: 'Hudi'>)
    >>> log_of("raw/sales/metadata/00001-8f2a6b1c-0d3e-4f5a-9b8c-7d6e5f4a3b2c.gz.metadata.json")
    ('raw/sales/', <TableFormat.ICEBERG: 'Iceberg'>)
    >>> [log_of(key) for key in ("raw/sales/_delta_log/", "raw/sales/_SUCCESS", "raw/metadata/a.json")]
    [None, None, None]
    """
    if not any(folder in key for folder in FOLDERS):
        return None
    for table_format, pattern in LOGS.items():
        if match := pattern.fullmatch(key):
            return match["folder"], table_format
    return None


def owner_of(key: str) -> TableFormat | None:
    """Name the format whose own file an object is, by its key: of a log, or beside one; None where it is of none.

    >>> owner_of("raw/sales/metadata/partition-stats-123-8f2a6b1c.parquet")
    <TableFormat.ICEBERG: 'Iceberg'>
    """
    found = log_of(key)
    if found is not None:
        return found[1]
    return TableFormat.ICEBERG if "/metadata/" in key and ICEBERGS_OWN.fullmatch(key) else None
