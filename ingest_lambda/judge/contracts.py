"""LAND: what is declared of a dataset.

In: `contracts.json` in the function's folder, which packaging writes from the dbt source YAML. Out: one `Contract` a
declared dataset. A dataset without one evolves freely.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from ingest_lambda.arrive.routing import Format, Rules
from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.changes import Changes, parse_changes
from ingest_lambda.judge.snapshots import End, Snapshot, parse_snapshot
from ingest_lambda.read.dialects import Declared, Dialects, parse_csv, parse_json
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import BIGINT, SqlType
from ingest_lambda.warehouse.statements import ROW_NUMBER, Column, fold_case

SKIP = "skip"  # the value of `copies` where a file is passed over whose bytes have landed
APPEND_ONLY = "append_only"  # the value of `table_format` in a dataset's source YAML
CONTRACTS_FILE = Path(__file__).parents[1] / "contracts.json"
ANY_FOLDERS = "any"


class SchemaChange(StrEnum):
    """What happens when a file brings a column that landing has not."""

    EVOLVE = "evolve"
    FREEZE = "freeze"


@dataclass(frozen=True)
class Contract:
    """The policy of a dataset, the columns that its landing table starts with, the formats it takes beside parquet.

    `dialects` say how its text files are written, `key` which columns every file must have.
    Of a `sensitive` dataset no value leaves the warehouse: a verdict names column and row only. An `append_only` one
    may be a table format's folder: who declares it knows that no file there takes rows back, or brings them again.
    With `any_folders` every folder below its own is the dataset's too. The keys below one of `prefixes` are its own,
    wherever that is.
    `partitions`: whether the hive parts of its keys are columns (None: nothing is said, and they are if it was first
    seen since they can be). `changes`: how its rows say what the source did; None where it is no change feed.
    `snapshot`: how its snapshots end, where a file, or a folder of them, replaces the one before. With `skips_copies` a
    file does not land whose bytes have. `retention_days`: after how many days modeled rows may leave landing; None:
    never. `utc_wall_clocks` are columns whose wall clocks are in UTC, so that they are instants as well.
    """

    schema_change: SchemaChange = SchemaChange.EVOLVE
    columns: tuple[Column, ...] = ()
    formats: frozenset[Format] = frozenset()
    sensitive: bool = False
    append_only: bool = False
    any_folders: bool = False
    prefixes: tuple[str, ...] = ()
    dialects: Dialects = field(default_factory=Dialects)
    partitions: bool | None = None
    key: tuple[str, ...] = ()
    changes: Changes | None = None
    snapshot: Snapshot | None = None
    skips_copies: bool = False
    retention_days: int | None = None
    utc_wall_clocks: frozenset[str] = frozenset()

    @property
    def keeps_positions(self) -> bool:
        """Whether landing keeps the place of each row in its file: of two versions, the later line is the newer."""
        return self.changes is not None

    @property
    def landing_columns(self) -> tuple[Column, ...]:
        """The columns that its landing table is made with where no file is there to bring others."""
        return (*self.columns, *([Column(ROW_NUMBER, BIGINT)] if self.keeps_positions else []))

    @property
    def lists_each_file(self) -> bool:
        """Whether each of its files is a snapshot."""
        return self.snapshot is not None and self.snapshot.end is End.FILE

    @property
    def declared(self) -> Declared:
        """What reading a text needs to know of it."""
        return Declared({column.name: column.type for column in self.columns}, self.dialects)


def read_contracts(path: Path = CONTRACTS_FILE) -> dict[str, Contract]:
    """Read the declared contracts by dataset; none where the file does not exist.

    Raises:
        ConfigError: the file is not what packaging writes.
    """
    if not path.exists():
        return {}
    try:
        declared = json.loads(path.read_text(encoding="utf-8"))
        return {dataset: parse_contract(content) for dataset, content in declared.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path.name} cannot be read: {error}; package the function again") from error


def rules_of(contracts: Mapping[str, Contract], pattern: str | None = None) -> Rules:
    """Gather what contracts and the deployment's pattern say of keys.

    >>> rules_of({"orders": Contract(prefixes=("raw/shop/orders/",))}).prefixes
    {'raw/shop/orders/': 'orders'}

    Raises:
        ConfigError: the pattern cannot be used.
    """
    return Rules(
        pattern,
        formats={dataset: contract.formats for dataset, contract in contracts.items()},
        prefixes={prefix: dataset for dataset, contract in contracts.items() for prefix in contract.prefixes},
        any_folders=frozenset(dataset for dataset, contract in contracts.items() if contract.any_folders),
        append_only=frozenset(dataset for dataset, contract in contracts.items() if contract.append_only),
        markers={
            dataset: contract.snapshot.marker
            for dataset, contract in contracts.items()
            if contract.snapshot and contract.snapshot.marker
        },
    )


def parse_contract(content: Mapping[str, Any]) -> Contract:
    """Read one contract: `{"schema_change": "freeze", "columns": [{"name": "order_id", "data_type": "varchar"}]}`.

    A string column lands as VARCHAR(MAX) whatever length is declared: a value that is too long for its meaning is for
    the gates to name, while here it would only make the load fail.

    >>> parse_contract({"columns": [{"name": "Order_Id", "data_type": "varchar(64)"}]}).columns[0]
    Column(name='order_id', type=SqlType(name='VARCHAR', arguments=(65535,)))
    """
    declared = content.get("columns", [])
    columns = [Column(fold_case(column["name"]), _landing_type(column["data_type"])) for column in declared]
    formats = frozenset(map(Format, content.get("formats", [])))
    policy = SchemaChange(content.get("schema_change", "evolve"))
    partitions, changes = content.get("partitions"), content.get("changes")
    return Contract(
        policy,
        tuple(columns),
        formats,
        sensitive=bool(content.get("sensitive", False)),
        append_only=content.get("table_format") == APPEND_ONLY,
        any_folders=content.get("folders") == ANY_FOLDERS,
        prefixes=tuple(content.get("prefixes", [])),
        key=tuple(map(fold_case, content.get("key", []))),
        dialects=Dialects(parse_csv(content.get("csv", {})), parse_json(content.get("json", {}))),
        partitions=None if partitions is None else bool(partitions),
        changes=None if changes is None else parse_changes(changes, {column.name for column in columns}),
        snapshot=parse_snapshot(content["snapshot"]) if "snapshot" in content else None,
        skips_copies=content.get("copies") == SKIP,
        retention_days=content.get("retention_days"),
        utc_wall_clocks=frozenset(map(fold_case, content.get("wall_clocks", {}))),
    )


def _landing_type(text: str) -> SqlType:
    declared = sqltypes.parse_type(text)
    return {"VARCHAR": sqltypes.VARCHAR, "CHAR": sqltypes.VARCHAR, "VARBYTE": sqltypes.VARBYTE}.get(
        declared.name, declared
    )
