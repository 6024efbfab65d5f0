r"""LAND: columns that stand in the path alone.

In: a key as S3 stores it (already URL-decoded). Out: a `PathColumn` for each folder that is a hive part
(`region=EU/`), with its value as text. Pure. Spark, Hive, Athena and others leave such a column out of the files.

Hive and Spark escape control characters and those that mean something in a path as `%` and two hexadecimal digits, and
write NULL, and the empty string too, as `__HIVE_DEFAULT_PARTITION__`:
https://github.com/apache/hive/blob/master/common/src/java/org/apache/hadoop/hive/common/FileUtils.java,
https://github.com/apache/spark/blob/master/sql/catalyst/src/main/scala/org/apache/spark/sql/catalyst/catalog/ExternalCatalogUtils.scala
(a `%` that no two digits follow stands for itself, and a `+` always does). Arrow escapes the bytes of UTF-8
(`segment_encoding`, https://arrow.apache.org/docs/python/generated/pyarrow.dataset.HivePartitioning.html) and writes an
empty string as nothing. Read as percent-encoded UTF-8, the values of all of them come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from ingest_lambda.arrive.folders import HIVE_PART
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse.statements import fold_case

NULL = "__HIVE_DEFAULT_PARTITION__"
# True whatever is wrong with a folder: a file that lands without its folders' columns cannot fail for them.
REMEDY = (
    "upload the file under another folder; or set `partitions: false` for the dataset in its source YAML, deploy and "
    "replay the file: it lands without the columns of its folders"
)


@dataclass(frozen=True)
class PathColumn:
    """A column that a folder of the key names: the folder, the name as the warehouse folds it, the value as text."""

    folder: str
    name: str
    value: str | None


def path_columns(key: str) -> tuple[PathColumn, ...]:
    """Read the hive parts of a key, wherever they stand among its folders; a part that is there twice counts once.

    >>> path_columns("raw/sales/Region=S%3Ao+1/dt=__HIVE_DEFAULT_PARTITION__/2026/11/28/n=/part-0.parquet")
    ... # doctest: +NORMALIZE_WHITESPACE
    (PathColumn(folder='Region=S%3Ao+1', name='region', value='S:o+1'),
     PathColumn(folder='dt=__HIVE_DEFAULT_PARTITION__', name='dt', value=None),
     PathColumn(folder='n=', name='n', value=''))

    Raises:
        RejectedFileError: a part is not UTF-8, or two parts give one column different values.
    """
    if "=" not in key:
        return ()
    found: dict[str, PathColumn] = {}
    for folder in key.split("/")[:-1]:
        if HIVE_PART.fullmatch(folder):
            column = _path_column(folder)
            known = found.setdefault(column.name, column)
            if known.value != column.value:
                raise RejectedFileError(
                    Reason.PARTITION_MISMATCH,
                    f"two folders of the key give column {column.name} different values",
                    column=column.name,
                    found=column.folder,
                    expected=known.folder,
                    remedy=REMEDY,
                )
    return tuple(found.values())


def _path_column(folder: str) -> PathColumn:
    name, _, value = folder.partition("=")
    return PathColumn(folder, fold_case(_decoded(name, folder)), None if value == NULL else _decoded(value, folder))


def _decoded(text: str, folder: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeError as error:
        raise RejectedFileError(
            Reason.INVALID_TEXT,
            f"a folder of the key is not UTF-8 once it is percent-decoded: {error}",
            found=folder,
            remedy=REMEDY,
        ) from error
