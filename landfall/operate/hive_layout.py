"""OPERATE, catalog: how a dataset's files lie, by listings of the bucket's folders.

In: a folder of the bucket. Out: the names of its hive parts, as deep as all files agree in them, and all partitions
that there are. A folder that lies below a partition is part of it, for Athena as for Redshift:
https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html (LOCATION). A listing answers a thousand
folders, so that a dataset costs as many as it has folders above its lowest partitions, whatever its files, and LOOKS
more at most, to tell whether some file ends the partitions that other folders go on with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from ingest_lambda.arrive.folders import is_writers_own
from ingest_lambda.arrive.partitions import NULL, path_columns
from ingest_lambda.errors import ConfigError, RejectedFileError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGE = 1000  # the most that a listing answers at once
LOOKS = 50  # listings; where files alone lie in the lowest folders, as mostly, none of them finds anything
# Athena's names of columns are in lower case; a hive part of another spelling is left to the path.
HIVE_PART = re.compile(r"([a-z_][a-z0-9_]*)=(.*)")


@dataclass(frozen=True)
class Partition:
    """A partition: the texts of its folders, as they stand in the key, and the values that they mean."""

    texts: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """How files lie: by which parts, the partitions that there are, and what ended the descent (`why`), if anything."""

    names: tuple[str, ...] = ()
    partitions: tuple[Partition, ...] = ()
    why: str = ""


def place(names: tuple[str, ...], texts: tuple[str, ...]) -> str:
    """Spell a partition's folder below its table's.

    >>> place(("year", "month"), ("2026", "01"))
    'year=2026/month=01/'
    """
    return "".join(f"{name}={text}/" for name, text in zip(names, texts, strict=True))


def find(s3: S3Client, bucket: str, folder: str, is_file: Callable[[str], bool]) -> Layout:
    """Find how the files below a folder lie; `is_file` tells whether a key is a file of the dataset.

    Raises:
        ConfigError: a partition's folder has no value, or the value of another.
    """
    names: tuple[str, ...] = ()
    found: list[tuple[str, ...]] = [()]
    while True:
        name, odd = "", ""
        deeper: list[tuple[str, ...]] = []
        for number, texts in enumerate(found):
            level = _level(s3, bucket, folder + place(names, texts), is_file)
            name = name or level.name
            odd = level.odd or (level.first if level.name not in ("", name) or level.name in names else "")
            if odd:
                name = name or _part_beside(s3, bucket, [folder + place(names, each) for each in found[number:]])
                break
            deeper += [(*texts, text) for text in level.texts]
        if odd or not name:
            break
        names, found = (*names, name), deeper
    why = f"{odd} lies beside folders {name}=" if odd and name else ""
    return Layout(names, _valued(folder, names, found) if names else (), why)


@dataclass(frozen=True)
class _Level:
    """What lies in a folder: hive parts of one name, and the first key that is none of them."""

    above: str
    name: str = ""
    texts: tuple[str, ...] = ()
    odd: str = ""

    @property
    def first(self) -> str:
        return f"{self.above}{self.name}={self.texts[0]}/"


def _level(s3: S3Client, bucket: str, above: str, is_file: Callable[[str], bool]) -> _Level:
    """List a folder, to its end as long as all that lies there are hive parts of one name."""
    name, texts = "", []
    for page in _pages(s3, bucket, above):
        odd = [each["Key"] for each in page.get("Contents", []) if each["Size"] and is_file(each["Key"])]
        for prefix in (each["Prefix"] for each in page.get("CommonPrefixes", [])):
            folder = prefix.removeprefix(above).removesuffix("/")
            part = HIVE_PART.fullmatch(folder)
            if part and part[1] == (name or part[1]):
                name = part[1]
                texts.append(part[2])
            elif not is_writers_own(folder):
                odd.append(prefix)
        if odd:
            return _Level(above, name, tuple(texts), odd[0])
    return _Level(above, name, tuple(texts))


def _part_beside(s3: S3Client, bucket: str, folders: Sequence[str]) -> str:
    """Name a hive part that lies in any of these folders, the last of them first: what is new mostly sorts last."""
    pages = ((above, page) for above in reversed(folders) for page in _pages(s3, bucket, above))
    for above, page in islice(pages, LOOKS):
        for each in page.get("CommonPrefixes", []):
            if part := HIVE_PART.fullmatch(each["Prefix"].removeprefix(above).removesuffix("/")):
                return part[1]
    return ""


def _pages(s3: S3Client, bucket: str, above: str) -> Iterator[Mapping[str, Any]]:
    yield from s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=above, Delimiter="/", PaginationConfig={"PageSize": PAGE}
    )


def _valued(folder: str, names: tuple[str, ...], found: list[tuple[str, ...]]) -> tuple[Partition, ...]:
    """Read the values of the partitions, as their writers escaped them."""
    partitions: dict[tuple[str, ...], Partition] = {}
    for texts in found:
        values = tuple(_value(folder, names, texts, name, text) for name, text in zip(names, texts, strict=True))
        known = partitions.setdefault(values, Partition(texts, values))
        if known.texts != texts:
            one, other = (folder + place(names, each) for each in (known.texts, texts))
            raise ConfigError(
                f"{one} and {other} are one partition to a catalog, which knows one folder of each: move the files of "
                "one into the other"
            )
    return tuple(partitions.values())


def _value(folder: str, names: tuple[str, ...], texts: tuple[str, ...], name: str, text: str) -> str:
    try:
        [column] = path_columns(f"{name}={text}/")
    except RejectedFileError as error:
        raise ConfigError(f"{folder}{place(names, texts)}: {error}") from error
    if column.value == "":
        raise ConfigError(
            f"{folder}{place(names, texts)} gives {name} no value, and no catalog has such a partition: move its files "
            f"into {name}={NULL}/, where Hive and Spark write an empty text"
        )
    return NULL if column.value is None else column.value
