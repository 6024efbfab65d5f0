"""Packaging: the datasets' contracts, taken from where they are declared.

In: the source YAML of `dbt_project/models/landing/`. Out: `contracts.json` of the ingest zip, one entry a dataset:
its schema-change policy and its declared columns. dbt and the ingest function so read the same declaration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import yaml

from ingest_lambda.arrive import smoke
from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.changes import Order, parse_changes
from ingest_lambda.judge.snapshots import parse_snapshot
from ingest_lambda.read.dialects import parse_csv, parse_json
from ingest_lambda.warehouse.sqltypes import parse_type
from ingest_lambda.warehouse.statements import METADATA, fold_case

SOURCE_NAME = "landing"
DEFAULT_POLICY = "evolve"
POLICIES = frozenset({"evolve", "freeze"})
FORMATS = frozenset({"csv", "json"})  # beside parquet
TABLE_FORMATS = frozenset({"append_only"})  # how the folder of a table format may be meant
ALIKE = 0.8  # of 1.0: from where on a name is taken for a misspelt setting
COPIES = frozenset({"land", "skip"})  # what becomes of a file whose bytes have landed
STAGED = re.compile(r"source\(\s*['\"]landing['\"]\s*,\s*['\"](\w+)['\"]\s*\)")
BUSINESS_TIME = re.compile(r"business_time\(\s*\[([^\]]*)\]")
UTC = "UTC"  # the one zone that wall clocks can be declared in
MAX_DAYS = 36_500  # a century, within what DATEADD reaches
RAW = "raw/"  # under which landing reads


class Column(TypedDict):
    """A declared column: its name, and its Redshift type as written."""

    name: str
    data_type: str


class Contract(TypedDict):
    """What is declared of one dataset."""

    schema_change: str
    columns: list[Column]
    formats: NotRequired[list[str]]
    sensitive: NotRequired[bool]
    table_format: NotRequired[str]
    folders: NotRequired[str]
    prefixes: NotRequired[list[str]]
    key: NotRequired[list[str]]
    csv: NotRequired[dict[str, Any]]
    json: NotRequired[dict[str, Any]]
    partitions: NotRequired[bool]
    changes: NotRequired[dict[str, Any]]
    snapshot: NotRequired[dict[str, Any]]
    copies: NotRequired[str]
    retention_days: NotRequired[int]
    wall_clocks: NotRequired[dict[str, str]]


SETTINGS = frozenset(Contract.__annotations__) - {"columns"}  # what config.meta may say of a dataset


def read_contracts(root: Path) -> dict[str, Contract]:
    """Read every dataset declared under `dbt_project/models/landing/`, in name order; none when there is no project.

    Raises:
        ConfigError: a declaration that the ingest function could not follow, with file, dataset, key and reason.
    """
    contracts: dict[str, Contract] = {}
    owners: dict[str, str] = {}
    for path in sorted((root / "dbt_project" / "models" / "landing").glob("*.yml")):
        try:
            found = from_document(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
            _check_owners(found, owners)
            contracts |= found
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ConfigError(f"{path.relative_to(root)}: line {line} is no YAML: {error.problem}") from error
        except ValueError as error:
            raise ConfigError(f"{path.relative_to(root)}: {error}") from error
        except (AttributeError, KeyError, TypeError) as error:
            shape = "sources are a list, each with a name and tables, each of these with a name"
            raise ConfigError(f"{path.relative_to(root)}: {shape} ({type(error).__name__}: {error})") from error
    _check_times(contracts, root)
    return dict(sorted(contracts.items()))


def from_document(document: dict[str, Any]) -> dict[str, Contract]:
    """Take the contracts out of one parsed YAML document.

    >>> from_document({"sources": [{"name": "landing", "tables": [{
    ...     "name": "order_items",
    ...     "config": {"meta": {"schema_change": "freeze"}},
    ...     "columns": [{"name": "order_item_id", "data_type": "varchar(max)"}, {"name": "_load_seq"}]}]}]})
    {'order_items': {'schema_change': 'freeze', 'columns': [{'name': 'order_item_id', 'data_type': 'varchar(max)'}]}}

    Raises:
        ValueError: a policy, a format, a meaning of a table format, a rule for folders or another word that does not
            exist.
    """
    tables = [
        table
        for source in document.get("sources", [])
        if source["name"] == SOURCE_NAME
        for table in source.get("tables", [])
    ]
    return {table["name"]: _contract(table) for table in tables}


def _contract(table: dict[str, Any]) -> Contract:
    meta = table.get("config", {}).get("meta", {})
    _check_names(table["name"], table, meta)
    if why := smoke.why_not(table["name"]):
        raise ValueError(why)
    policy, formats = meta.get("schema_change", DEFAULT_POLICY), meta.get("formats", [])
    if policy not in POLICIES:
        raise ValueError(f"{table['name']}: schema_change is {policy!r}; it can be {', '.join(sorted(POLICIES))}")
    if not isinstance(formats, list) or not FORMATS.issuperset(formats):
        raise ValueError(f"{table['name']}: formats are {formats!r}; they can be {', '.join(sorted(FORMATS))}")
    table_format, partitions = meta.get("table_format"), meta.get("partitions")
    if table_format is not None and table_format not in TABLE_FORMATS:
        known = ", ".join(sorted(TABLE_FORMATS))
        raise ValueError(f"{table['name']}: table_format is {table_format!r}; it can be {known}")
    if not isinstance(partitions, bool | None):
        raise ValueError(f"{table['name']}: partitions is {partitions!r}; it can be true, false")
    dialects = {kind: _dialect(table["name"], kind, meta[kind], formats) for kind in sorted(FORMATS & set(meta))}
    declared = [
        Column(name=column["name"], data_type=column["data_type"])
        for column in table.get("columns", [])
        # columns that the loader adds to every row are documented there too, but they are no part of the file
        if "data_type" in column and fold_case(column["name"]) not in METADATA
    ]
    _check_types(table["name"], declared)
    contract = Contract(schema_change=policy, columns=declared)
    if formats:
        contract["formats"] = list(formats)
    if meta.get("sensitive"):
        contract["sensitive"] = True
    if table_format:
        contract["table_format"] = table_format
    if "folders" in meta:
        if meta["folders"] != "any":
            raise ValueError(f"{table['name']}: folders are {meta['folders']!r}; they can be 'any', or be left out")
        contract["folders"] = meta["folders"]
    if prefixes := meta.get("prefixes"):
        contract["prefixes"] = _prefixes(table["name"], prefixes)
    if "key" in meta:
        contract["key"] = _key(table["name"], meta["key"], [column["name"] for column in declared])
    if "csv" in dialects:
        contract["csv"] = dialects["csv"]
    if "json" in dialects:
        contract["json"] = dialects["json"]
    if partitions is not None:
        contract["partitions"] = partitions
    if "changes" in meta:
        contract["changes"] = _changes(table["name"], meta["changes"], [column["name"] for column in declared])
    if "snapshot" in meta:
        if "changes" in meta:
            raise ValueError(f"{table['name']}: it is a snapshot, which has no changes: declare one of the two")
        contract["snapshot"] = _snapshot(table["name"], meta["snapshot"])
    if "copies" in meta:
        contract["copies"] = _copies(table["name"], meta["copies"], contract)
    if "retention_days" in meta:
        contract["retention_days"] = _retention_days(table["name"], meta["retention_days"], contract)
    if "wall_clocks" in meta:
        named = [each["name"] for each in declared] if policy == "freeze" else []  # others may come with any file
        contract["wall_clocks"] = _wall_clocks(table["name"], meta["wall_clocks"], named)
    return contract


def _wall_clocks(dataset: str, zones: Any, columns: Sequence[str]) -> dict[str, str]:
    """Read in which zone the wall clocks of columns are: UTC, since landing converts none."""
    if not isinstance(zones, dict) or not zones or not all(isinstance(name, str) for name in zones):
        raise ValueError(
            f"{dataset}: wall_clocks are {zones!r}; they are columns and their zone, as {{placed_at: UTC}}"
        )
    known = {fold_case(name) for name in columns}
    for name, zone in zones.items():
        if zone != UTC:
            raise ValueError(
                f"{dataset}: the wall clocks of {name} are in {zone!r}, and landing converts none: only {UTC} can be "
                "declared, or write the column as instants"
            )
        if known and fold_case(name) not in known:
            raise ValueError(
                f"{dataset}: wall_clocks have {name!r}, which is no column with a data_type of the dataset"
            )
    return dict(zones)


def _retention_days(dataset: str, days: Any, contract: Contract) -> int:
    """Read after how many days rows leave landing; of a snapshot of several files a later one may need any of them."""
    if type(days) is not int or not 1 <= days <= MAX_DAYS:  # a bool is one, and none of days
        raise ValueError(f"{dataset}: retention_days is {days!r}; it is a whole number of days, 1 to {MAX_DAYS:,}")
    if contract.get("snapshot", {}).get("end", "file") != "file":
        raise ValueError(
            f"{dataset}: retention_days is set, and its snapshots are of several files: a later one may hold a file "
            "of today again, whose rows it then needs; leave retention_days out"
        )
    return int(days)


def _check_times(contracts: Mapping[str, Contract], root: Path) -> None:
    """Refuse to skip copies of what is modeled by its files' times: which of two files is the newer would be lost."""
    skipping = {
        dataset
        for dataset, contract in contracts.items()
        if contract.get("copies") == "skip" and contract.get("changes", {}).get("order") != Order.SEQUENCE
    }
    if not skipping:
        return
    for path in sorted((root / "dbt_project" / "models" / "staging").rglob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        found = skipping.intersection(STAGED.findall(sql))
        times = [time.strip("'\" \n") for columns in BUSINESS_TIME.findall(sql) for time in columns.split(",")]
        if found and set(times) == {"_file_modified_at"}:
            raise ConfigError(
                f"{path.relative_to(root)}: rows of {min(found)} have no time but their file's, so that a file "
                "which comes again says what holds again: its copies can be land alone, or give business_time a column"
            )


def _check_names(dataset: str, table: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
    """Find settings that would be passed over in silence: misspelt, or beside `config`. Others are for other tools."""
    if misplaced := SETTINGS & set(table.get("meta", {})):
        raise ValueError(f"{dataset}: {min(misplaced)} is read under config.meta alone, and stands under meta")
    for name in set(meta) - SETTINGS:
        if alike := get_close_matches(str(name), SETTINGS, n=1, cutoff=ALIKE):
            raise ValueError(f"{dataset}: {name} is no setting; did you mean {alike[0]}?")


def _check_types(dataset: str, columns: Sequence[Column]) -> None:
    for column in columns:
        try:
            parse_type(str(column["data_type"]))
        except ValueError as error:
            raise ValueError(f"{dataset}: the data_type of column {column['name']}: {error}") from error


def _key(dataset: str, declared: object, columns: Sequence[str]) -> list[str]:
    """Check that the key is columns, and declared ones where any is."""
    if not isinstance(declared, list) or not declared or not all(isinstance(name, str) for name in declared):
        raise ValueError(f"{dataset}: key is {declared!r}; it is a list of columns, as [order_id]")
    known = {fold_case(name) for name in columns}
    for name in declared:
        if known and fold_case(name) not in known:
            raise ValueError(f"{dataset}: key has {name!r}, which is no column with a data_type of the dataset")
    return declared


def _changes(dataset: str, declared: Any, columns: Sequence[str]) -> dict[str, Any]:
    """Check what is said of a change feed; the function and the macros read it as it stands."""
    try:
        parse_changes(declared, {fold_case(name) for name in columns})
    except ValueError as error:
        raise ValueError(f"{dataset}: {error}") from error
    return dict(declared)


def _copies(dataset: str, declared: object, contract: Contract) -> str:
    """Check what becomes of copies; none is skipped where a file says something by when it comes."""
    if declared not in COPIES:
        raise ValueError(f"{dataset}: copies is {declared!r}; it can be {', '.join(sorted(COPIES))}")
    by_file = contract.get("changes", {}).get("order") == Order.FILE
    if declared == "skip" and ("snapshot" in contract or by_file):
        what = "it is a snapshot" if "snapshot" in contract else "its changes are ordered by file"
        raise ValueError(
            f"{dataset}: {what}, so that a file which comes again says what holds again: copies can be land alone"
        )
    return str(declared)


def _dialect(dataset: str, kind: str, declared: object, formats: Sequence[str]) -> dict[str, Any]:
    """Check how files of a kind are said to be written, and spell it out."""
    if kind not in formats:
        raise ValueError(f"{dataset}: {kind} is declared, but formats are {formats!r}: {kind} files are not taken")
    try:
        dialect = asdict(parse_csv(declared) if kind == "csv" else parse_json(declared))
    except ValueError as error:
        raise ValueError(f"{dataset}: {error}") from error
    return {name: list(value) if isinstance(value, tuple) else value for name, value in dialect.items()}


def _snapshot(dataset: str, declared: object) -> dict[str, Any]:
    """Check how its snapshots are said to end, and spell it out."""
    try:
        return parse_snapshot(declared).declared()
    except ValueError as error:
        raise ValueError(f"{dataset}: {error}") from error


def _prefixes(dataset: str, declared: Any) -> list[str]:
    """Check that each prefix is one of whole folders under raw/."""
    if not isinstance(declared, list):
        raise ValueError(f"{dataset}: prefixes are {declared!r}; they are a list, as [{RAW}shop/orders/]")
    for prefix in declared:
        if not (isinstance(prefix, str) and re.fullmatch(rf"{RAW}.*[^/].*/", prefix, re.DOTALL)):
            raise ValueError(f"{dataset}: the prefix {prefix!r} is not of folders under {RAW}, as {RAW}shop/orders/")
    return declared


def _check_owners(contracts: Mapping[str, Contract], owners: dict[str, str]) -> None:
    """Take down which dataset each prefix is of; no prefix is of two."""
    for dataset, contract in contracts.items():
        for prefix in contract.get("prefixes", []):
            other = owners.setdefault(prefix, dataset)
            if other != dataset:
                raise ValueError(f"{dataset}: the prefix {prefix} is declared for {other} already")
