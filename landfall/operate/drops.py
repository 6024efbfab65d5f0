"""OPERATE: dropping a dataset. In: its name. Out: what goes and what stays; then the landing table is gone.

One transaction behind the dataset's mutex: the ledger's files count as undone, and the table goes. So no event,
reconcile or sweep brings a file back, while what is uploaded from then on lands, in a table that is made anew beside
the ledger. A load that waits for the mutex meanwhile finds no table, is planned again, and is such a one.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from ingest_lambda.errors import CatalogChangedError, ConfigError, ObjectInTheWayError
from ingest_lambda.reconcile.ledger import datasets
from ingest_lambda.warehouse.catalog import landed_datasets
from ingest_lambda.warehouse.client import Connection, retry_conflicts
from ingest_lambda.warehouse.undone import number_undos
from landfall.operate.dependents import in_the_way
from landfall.operate.names import did_you_mean
from landfall.operate.statements import bookkeeping, modeled, transactions

# What `landfall new-dataset` writes for a dataset, by the stems of its files; its sources stand in one YAML a domain.
MODELS = ("stg_{}", "int_{}__checked", "quarantine_{}", "pending_{}", "{}", "{}_history", "_{}__docs")


class Outcome(StrEnum):
    """What became of the landing table."""

    PLANNED = "planned"
    DROPPED = "dropped"
    ALREADY_DROPPED = "already_dropped"


@dataclass(frozen=True)
class Drop:
    """What a drop takes away, `files` and `rows` of landing, and the `models` that took rows in, which stay."""

    dataset: str
    files: int
    rows: int
    models: tuple[str, ...]
    outcome: Outcome = Outcome.PLANNED

    def to_dict(self) -> dict[str, Any]:
        """Spell the drop as its JSON face does."""
        return {
            "dataset": self.dataset,
            "outcome": self.outcome.value,
            "files": self.files,
            "rows": self.rows,
            "models": list(self.models),
        }


def plan_drop(warehouse: Connection, dataset: str, declared: Collection[str], root: Path) -> Drop:
    """Say what a drop would take away.

    `declared` are the datasets that the checkout at `root` declares.

    Raises:
        ConfigError: nobody knows the dataset, or the checkout declares it.
    """
    if dataset in declared:
        raise ConfigError(_why_not(dataset, root))
    landed = landed_datasets(warehouse)
    if dataset not in landed:
        if dataset not in datasets(warehouse):
            raise ConfigError(f"no dataset {dataset} is known{did_you_mean(dataset, landed) or '.'}")
        return Drop(dataset, 0, 0, (), Outcome.ALREADY_DROPPED)
    [totals] = [row for sql in bookkeeping.select_totals([dataset]) for row in warehouse.query(sql)]
    models = tuple(str(row["model"]) for row in warehouse.query(modeled.select_models(dataset)))
    return Drop(dataset, int(totals["files"]), int(totals["row_count"]), models)


def drop(warehouse: Connection, planned: Drop, steps: Sequence[str] | None = None) -> Drop:
    """Drop the landing table; again is no harm. `steps` are the statements of a drop that checks more beforehand.

    Raises:
        CatalogChangedError: a check of the `steps` has failed; nothing is changed.
        ConfigError: something stands on the table; nothing is changed.
        TransactionConflictError: it lost against concurrent loads, again and again.
    """
    if planned.outcome is not Outcome.PLANNED:
        return planned
    number_undos(warehouse, planned.dataset)
    dropping = steps or transactions.drop_dataset(planned.dataset)
    try:
        retry_conflicts(lambda: warehouse.transaction(dropping))
    except CatalogChangedError:
        if planned.dataset in landed_datasets(warehouse):
            raise
        return replace(planned, files=0, rows=0, outcome=Outcome.ALREADY_DROPPED)
    except ObjectInTheWayError as error:
        raise in_the_way(warehouse, planned.dataset, error) from error
    return replace(planned, outcome=Outcome.DROPPED)


def written_for(dataset: str, root: Path) -> list[str]:
    """Name the files of a checkout that declare and model a dataset, by their paths below `root`."""
    return sorted(str(path.relative_to(root)) for path in _files(dataset, root / "dbt_project" / "models"))


def _files(dataset: str, models: Path) -> Iterator[Path]:
    stems = {stem.format(dataset) for stem in MODELS}
    name = re.compile(rf"\bname: {re.escape(dataset)}\b")
    for path in models.rglob("*"):
        is_source = path.suffix == ".yml" and path.parent.name == "landing"
        if path.is_file() and (path.stem in stems or (is_source and name.search(path.read_text(encoding="utf-8")))):
            yield path


def _why_not(dataset: str, root: Path) -> str:
    files = ", ".join(written_for(dataset, root))
    return (
        f"nothing was changed: {dataset} is declared here, and models may read it. Take it out of {files}, "
        f"`landfall deploy`, then drop it"
    )
