"""LAND: from an object's key to its dataset.

In: a key as S3 stores it (already URL-decoded), and the `Rules` that are declared. Out: a `Route` to a dataset, or
`Ignored` with the reason. Pure: the key alone decides. Parquet is for every dataset; CSV and JSON only for those that
declare it. docs/routing.md says it for people.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from ingest_lambda.arrive import folders, smoke
from ingest_lambda.arrive.suffixes import names_another_format
from ingest_lambda.arrive.table_logs import owner_of
from ingest_lambda.errors import ConfigError
from ingest_lambda.warehouse.statements import DATASET_NAME

PREFIX = "raw/"
EXTENSION = ".parquet"
# Of a file whose name says nothing, and which turns out to be no parquet.
NOT_BY_BYTES = "its name does not say what it is, and its bytes are not parquet's: PAR1 does not end them"
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


TEXT_EXTENSIONS = tuple(extension for extension, format_ in EXTENSIONS.items() if format_ is not Format.PARQUET)
PACKED = ".gz"  # a text may be packed, and then has two


def extension_of(key: str) -> str:
    """Return the end of a key that tells its format, as it is spelt.

    >>> extension_of("raw/orders/a.CSV.gz"), extension_of("raw/orders/a.tar.gz"), extension_of("raw/orders/a")
    ('.CSV.gz', '.gz', '')
    """
    path = PurePosixPath(key)
    inner = PurePosixPath(path.stem).suffix if path.suffix.lower() == PACKED else ""
    return inner + path.suffix if inner.lower() in TEXT_EXTENSIONS else path.suffix


def format_of(key: str) -> Format | None:
    """Tell the format of an object by the end of its key, None where there is none that lands.

    >>> format_of("raw/orders/a.NDJSON"), format_of("raw/orders/a.csv.gz"), format_of("raw/orders/a.txt")
    (<Format.JSON: 'json'>, <Format.CSV: 'csv'>, None)
    """
    return EXTENSIONS.get(extension_of(key).lower().removesuffix(PACKED))


@dataclass(frozen=True)
class Rules:
    """What is declared of keys: the deployment's `pattern`, and by dataset what its source YAML says.

    `formats` are those that a dataset takes beside parquet. The keys below one of `prefixes` are of the dataset that it
    stands for, the longest prefix first and all of them before the pattern. Of the datasets of `any_folders`, every
    folder below them is theirs. Those that are `append_only` may be the folder of a table format. `markers` say what
    the object is called that ends a snapshot; a `*` in it stands for any letters.

    Raises:
        ConfigError: the pattern is no regular expression with a group `dataset`.
    """

    pattern: str | None = None
    formats: Mapping[str, Collection[str]] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    any_folders: Collection[str] = frozenset()
    append_only: Collection[str] = frozenset()
    markers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.pattern is None:
            return
        try:
            groups = re.compile(self.pattern).groupindex
        except re.error as error:
            raise ConfigError(f"RoutePattern {self.pattern!r} is no regular expression: {error}") from error
        if "dataset" not in groups:
            raise ConfigError(f"RoutePattern {self.pattern!r} has no group dataset, written (?P<dataset>...)")


@dataclass(frozen=True)
class Route:
    """The dataset that an object belongs to.

    `folder`: the key down to a folder that may be another table's (`raw/shop/orders/`), None where there is none.
    `by_bytes`: the name does not say what the file is, so its bytes must (parquet or not).
    `is_marker`: no rows, but the end of a snapshot.
    """

    dataset: str
    folder: str | None = None
    by_bytes: bool = False
    is_marker: bool = False


class Kind(StrEnum):
    """Why an object is no data file, in words that many have in common."""

    FOLDER_MARKER = "a folder marker"
    WRITERS_OWN = "a writer's own file"
    OTHER_FORMAT = "a file of another format"
    UNDECLARED_FORMAT = "a format that its dataset does not declare"
    NO_DATASET = "no dataset can be told from the key"
    UNREADABLE = "a key that cannot be recorded"


@dataclass(frozen=True)
class Ignored:
    """An object that is no data file, and why; `dataset` is the one that it stands below, where that can be told."""

    kind: Kind
    reason: str
    dataset: str | None = None


@dataclass(frozen=True)
class _Place:
    """Where a key belongs before its last word is read: the segments below what named the dataset.

    `is_declared`: a rule names the dataset, so that no folder below it can be another's. `is_folder`: a folder does.
    """

    dataset: str
    below: Sequence[str]
    is_declared: bool = False
    is_folder: bool = True


def route(key: str, rules: Rules | None = None) -> Route | Ignored:
    """Name the dataset of the object `key`.

    The first folder under `raw/` that is no hive part (`year=2025`) names it; where there is none, the file's stem
    without trailing date and sequence does. Below it stand hive parts and dates; any other folder may be another table,
    so the route says which. A rule's prefix, or a pattern (regular expression with a group `dataset`, searched in the
    whole key), names the dataset instead, and the folders below are all its own. What begins with `_` or `.` is its
    writer's own, never data.

    >>> route("raw/year=2025/orders/2025/11/a.parquet").dataset, route("raw/order_summary_20251113_001.parquet").dataset
    ('orders', 'order_summary')
    >>> route("raw/shop/orders/a.parquet")
    Route(dataset='shop', folder='raw/shop/orders/', by_bytes=False, is_marker=False)
    >>> route("raw/shop/orders/a.parquet", Rules(prefixes={"raw/shop/orders/": "orders"})).dataset
    'orders'
    >>> route("raw/orders/_temporary/0/a.parquet").reason
    "'_temporary' is its writer's own: it begins with '_'"
    >>> route("raw/orders/part-00000").by_bytes
    True
    >>> route("in/sales-orders.parquet", Rules(pattern=r"in/sales-(?P<dataset>[a-z]+)")).dataset
    'orders'
    """
    rules = rules or Rules()
    name = key.rsplit("/", 1)[-1]
    if not name:
        return Ignored(Kind.FOLDER_MARKER, "a folder marker", _dataset_or_none(key, rules))
    place = _place(key, rules)
    if isinstance(place, Ignored):
        return place
    is_marker = fnmatchcase(name, rules.markers.get(place.dataset, ""))
    if is_marker and folders.writers_own(place.below) is None and "\0" not in key:
        return replace(_routed(key, name, place, rules), by_bytes=False, is_marker=True)
    own = folders.writers_own([*place.below, name])
    if own is not None:
        return _writers_own(own, place.dataset)
    if (owner := owner_of(key)) is not None:
        return Ignored(Kind.WRITERS_OWN, f"a file of {owner}'s own, beside the table's", place.dataset)
    if "\0" in key:
        return Ignored(Kind.UNREADABLE, "the key has a NUL, which the ledger cannot record", place.dataset)
    return _by_format(name, place, rules) or _routed(key, name, place, rules)


def _place(key: str, rules: Rules) -> _Place | Ignored:
    """Find what names the dataset: a rule's prefix, else the pattern, else a folder or the file's stem."""
    if key.startswith(smoke.PREFIX):
        return _Place(smoke.DATASET, [], is_declared=True)
    if prefix := max((prefix for prefix in rules.prefixes if key.startswith(prefix)), key=len, default=None):
        return _checked(rules.prefixes[prefix], key.removeprefix(prefix).split("/")[:-1], is_declared=True)
    if rules.pattern is not None:
        return _by_pattern(key, rules.pattern)
    if not key.startswith(PREFIX):
        return Ignored(Kind.NO_DATASET, f"the key is not under {PREFIX}")
    *above, name = key.removeprefix(PREFIX).split("/")
    number = next((at for at, folder in enumerate(above) if folder and not folders.HIVE_PART.fullmatch(folder)), None)
    before = above if number is None else above[: number + 1]
    if (own := folders.writers_own(before)) is not None:
        return _writers_own(own, None)
    if number is None:
        return _writers_own(name, None) if folders.is_writers_own(name) else _checked(_stem(name), [], is_folder=False)
    return _checked(above[number], above[number + 1 :])


def _by_pattern(key: str, pattern: str) -> _Place | Ignored:
    match = re.search(pattern, key)
    if match is None:
        return Ignored(Kind.NO_DATASET, "the key does not match the routing pattern")
    if match["dataset"] is None:
        return Ignored(Kind.NO_DATASET, "the routing pattern finds no dataset in the key")
    rest = key[match.end("dataset") :]
    return _checked(match["dataset"], rest.split("/")[1:-1], is_declared=True, is_folder="/" in rest)


def _by_format(name: str, place: _Place, rules: Rules) -> Ignored | None:
    """Say why a file's name alone keeps it out, None where it does not."""
    found = format_of(name)
    if found is Format.PARQUET or found in rules.formats.get(place.dataset, ()):
        return None
    if found is not None:
        reason = (
            f"{place.dataset} takes no {found}: declare formats: [{found}] under config.meta of it in the source YAML "
            "under dbt_project/models/landing/, then deploy"
        )
        return Ignored(Kind.UNDECLARED_FORMAT, reason, place.dataset)
    if names_another_format(name):
        suffix = PurePosixPath(name).suffix
        return Ignored(Kind.OTHER_FORMAT, f"a name that ends with {suffix!r} is no parquet file's", place.dataset)
    if not place.is_folder:
        reason = f"the name does not end with {EXTENSION}, and no folder names a dataset"
        return Ignored(Kind.OTHER_FORMAT, reason, place.dataset)
    return None


def _routed(key: str, name: str, place: _Place, rules: Rules) -> Route:
    by_bytes = format_of(name) is None
    if place.is_declared or place.dataset in rules.any_folders:
        return Route(place.dataset, by_bytes=by_bytes)
    number = folders.first_name(place.below)
    if number is None:
        return Route(place.dataset, by_bytes=by_bytes)
    *segments, _ = key.split("/")
    down_to = segments[: len(segments) - len(place.below) + number + 1]
    return Route(place.dataset, "/".join(down_to) + "/", by_bytes)


def _dataset_or_none(key: str, rules: Rules) -> str | None:
    place = _place(key, rules)
    return place.dataset


def _writers_own(segment: str, dataset: str | None) -> Ignored:
    reason = f"{segment!r} is its writer's own: it begins with {segment[0]!r}"
    return Ignored(Kind.WRITERS_OWN, reason, dataset)


def _stem(name: str) -> str:
    stem = name[: -len(suffix)] if (suffix := extension_of(name)) else name
    while (shorter := TRAILING_NUMBER.sub("", stem)) != stem:
        stem = shorter
    return stem


def _checked(
    candidate: str, below: Sequence[str], *, is_declared: bool = False, is_folder: bool = True
) -> _Place | Ignored:
    dataset = candidate.lower().replace("-", "_")
    if dataset == smoke.DATASET:
        return Ignored(
            Kind.NO_DATASET, f"{candidate!r} is the smoke test's name, whose files stand below {smoke.PREFIX}"
        )
    if DATASET_NAME.fullmatch(dataset):
        return _Place(dataset, below, is_declared, is_folder)
    reason = f"{candidate!r} is no dataset name: it must match {DATASET_NAME.pattern}"
    return Ignored(Kind.NO_DATASET, reason)
