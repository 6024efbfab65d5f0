"""LAND, arrive: the folders of datasets that table formats own.

In: the objects that have arrived, the rules for keys. Out: the folders whose logs are among them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from ingest_lambda.arrive.routing import Route, Rules, route
from ingest_lambda.arrive.table_logs import log_of
from ingest_lambda.file_version import FileVersion
from ingest_lambda.table_format import OwnedFolder

# Stands for any data file of a folder; a number names no dataset, so that above the datasets it has none.
ANY_DATA_FILE = "0.parquet"


def owned_folder(bucket: str, key: str, rules: Rules) -> OwnedFolder | None:
    """Name the folder whose log an object is of; None where it is of none, or where data files there are of no dataset.

    The folder of a dataset that declares that its files are only ever added is no table's, but its own.

    >>> owned_folder("b", "raw/sales/_delta_log/00000000000000000000.json", Rules()).prefix
    'raw/sales/'
    >>> owned_folder("b", "raw/sales/.hoodie/hoodie.properties", Rules(append_only={"sales"}))
    >>> owned_folder("b", "raw/_delta_log/00000000000000000000.json", Rules())
    """
    found = log_of(key)
    if found is None:
        return None
    prefix, table_format = found
    routed = route(f"{prefix}{ANY_DATA_FILE}", rules)
    if not isinstance(routed, Route) or routed.dataset in rules.append_only:
        return None
    return OwnedFolder(routed.dataset, bucket, prefix, table_format, key)


def logs_by_folder(files: Iterable[FileVersion], rules: Rules) -> dict[OwnedFolder, list[FileVersion]]:
    """Group the files that are of a log by the folder of the table; the first of each names it."""
    folders: dict[tuple[str, str], OwnedFolder] = {}
    logs: dict[OwnedFolder, list[FileVersion]] = {}
    for file in files:
        folder = owned_folder(file.bucket, file.key, rules)
        if folder is not None:
            logs.setdefault(folders.setdefault((folder.bucket, folder.prefix), folder), []).append(file)
    return logs
