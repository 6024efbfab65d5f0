"""LAND: from an object's key to its dataset.

In: a key as S3 stores it (already URL-decoded). Out: a `Route` to a dataset, or `Ignored` with the reason. Pure.
Parquet is for every dataset; CSV and JSON only for those that declare it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from types import MappingProxyType

from ingest_lambda.warehouse.statements import DATASET_NAME

PREFIX = "raw/"
EXTENSION = ".parquet"
NO_FORMATS: Mapping[str, Collection[str]] = MappingProxyType({})
HIVE_PART = re.compile(r"[^=/]+=[^/]*")
# What producers append to a file's stem: dates, times, sequence numbers (`_20251113_001`, `-2025-11-13T0905Z`).
TRAILING_NUMBER = re.compile(r"[-_.]\d+(?:[tT]\d+[zZ]?)?$")


class Format(StrEnum):
    """What a file is written in; the values are those of `formats` in a dataset's source YAML."""

    PARQUET = "parquet"
    CSV = "csv"
    JSON = "json"


EXTENSIONS = {
    EXTENSION: Format.PARQUET,
    ".csv": Format.CSV,
    ".json": Format.JSON,
    ".ndjson": Format.JSON,
    ".jsonl": Format.JSON,
}


def format_of(key: str) -> Format | None:
    """Tell the format of an object by the end of its key, None where there is none that lands.

    >>> format_of("raw/orders/a.NDJSON"), format_of("raw/orders/a.txt")
    (<Format.JSON: 'json'>, None)
    """
    return EXTENSIONS.get(PurePosixPath(key).suffix.lower())


@dataclass(frozen=True)
class Route:
    """The dataset that an object belongs to."""

    dataset: str


@dataclass(frozen=True)
class Ignored:
    """An object that is no data file, and why."""

    reason: str


def route(key: str, pattern: str | None = None, formats: Mapping[str, Collection[str]] = NO_FORMATS) -> Route | Ignored:
    """Name the dataset of the object `key`; `formats` are those that datasets take beside parquet.

    The first folder under `raw/` that is no hive part (`year=2025`) names it; where there is none, the file's stem
    without trailing date and sequence does. A `pattern` (regular expression with a group `dataset`, searched in the
    whole key) replaces these rules. Names that start with `_` or `.` are invisible to COPY, so they are ignored
    (https://docs.aws.amazon.com/redshift/latest/dg/t_loading-tables-from-s3.html).

    >>> route("raw/orders/year=2025/a.parquet")
    Route(dataset='orders')
    >>> route("raw/year=2025/orders/a.parquet")
    Route(dataset='orders')
    >>> route("raw/order_summary_20251113_001.parquet")
    Route(dataset='order_summary')
    >>> route("raw/orders/_SUCCESS")
    Ignored(reason="the name starts with '_'")
    >>> route("in/sales-orders.parquet", pattern=r"in/sales-(?P<dataset>[a-z]+)")
    Route(dataset='orders')
    """
    unfit = _why_no_data_file(key)
    if unfit:
        return Ignored(unfit)
    found = _dataset_of(key, pattern)
    if isinstance(found, Route) and format_of(key) not in (Format.PARQUET, *formats.get(found.dataset, ())):
        return Ignored(f"the name does not end with {EXTENSION}")
    return found


def _dataset_of(key: str, pattern: str | None) -> Route | Ignored:
    if pattern is not None:
        match = re.search(pattern, key)
        return _checked(match["dataset"]) if match else Ignored("the key does not match the routing pattern")
    if not key.startswith(PREFIX):
        return Ignored(f"the key is not under {PREFIX}")
    *folders, name = key.removeprefix(PREFIX).split("/")
    named = [folder for folder in folders if folder and not HIVE_PART.fullmatch(folder)]
    return _checked(named[0] if named else _stem(name))


def _why_no_data_file(key: str) -> str | None:
    name = key.rsplit("/", 1)[-1]
    if not name:
        return "a folder marker"
    if name[0] in "_.":
        return f"the name starts with '{name[0]}'"
    if "\0" in key:
        return "the key has a NUL, which the ledger cannot record"
    if format_of(key) is None:
        return f"the name does not end with {EXTENSION}"
    return None


def _stem(name: str) -> str:
    stem = name[: -len(PurePosixPath(name).suffix)]
    while (shorter := TRAILING_NUMBER.sub("", stem)) != stem:
        stem = shorter
    return stem


def _checked(candidate: str) -> Route | Ignored:
    dataset = candidate.lower().replace("-", "_")
    if DATASET_NAME.fullmatch(dataset):
        return Route(dataset)
    return Ignored(f"{candidate!r} is no dataset name: it must match {DATASET_NAME.pattern}")
