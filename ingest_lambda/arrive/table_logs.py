"""LAND, arrive: the logs of table formats, by which their folders are known.

In: keys. Out: the folders that table formats own, where a key is one of such a log. Pure.

The log comes after the first data files, whose own names tell nothing: Spark writes the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ingest_lambda.file_version import FileVersion
from ingest_lambda.table_format import OwnedFolder, TableFormat

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
# Stands for any data file of a folder; a number names no dataset, so that above the datasets it has none.
ANY_DATA_FILE = "0.parquet"
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


def owned_folder(file: FileVersion, dataset_of: Callable[[str], str | None]) -> OwnedFolder | None:
    """Name the folder whose log a file is of, with the dataset that data files in it are of; None without either.

    >>> log = FileVersion("b", "raw/sales/_delta_log/00000000000000000000.json", "v")
    >>> owned_folder(log, lambda key: key.split("/")[1]).prefix
    'raw/sales/'
    """
    found = log_of(file.key)
    if found is None:
        return None
    prefix, table_format = found
    dataset = dataset_of(f"{prefix}{ANY_DATA_FILE}")
    return OwnedFolder(dataset, file.bucket, prefix, table_format, file.key) if dataset else None


def logs_by_folder(
    files: Iterable[FileVersion], dataset_of: Callable[[str], str | None]
) -> dict[OwnedFolder, list[FileVersion]]:
    """Group the files that are of a log by the folder of the table; the first of each names it."""
    folders: dict[tuple[str, str], OwnedFolder] = {}
    logs: dict[OwnedFolder, list[FileVersion]] = {}
    for file in files:
        folder = owned_folder(file, dataset_of)
        if folder is not None:
            logs.setdefault(folders.setdefault((folder.bucket, folder.prefix), folder), []).append(file)
    return logs
