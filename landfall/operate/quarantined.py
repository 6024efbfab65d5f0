"""OPERATE: rows that break a rule. In: a stack. Out: the quarantined rows of each entity, with every reason.

They are what `gate.quarantine_<entity>` shows, which the transformer owns.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingest_lambda.errors import ConfigError
from ingest_lambda.legible import quoted
from ingest_lambda.warehouse.client import Table
from landfall.operate import queries
from landfall.operate.names import did_you_mean
from landfall.operate.statements import modeled

if TYPE_CHECKING:
    from landfall.stack import Stack

PREFIX = "quarantine_"
# Columns that the checks give every row, beside landing's own.
GATES_OWN = {"reject_reason", "row_status", "_dataset", "_row_number", "_run_id"}


@dataclass(frozen=True)
class Quarantined:
    """The rows of one entity that are quarantined; at most as many as were asked for."""

    entity: str
    table: Table

    def brief(self) -> Table:
        """Leave out the bookkeeping that people need not see: why a row waits, its file's name and its place in it."""
        columns = self.table.columns
        values = [place for place, name in enumerate(columns) if not (name.startswith("_") or name in GATES_OWN)]
        reason, file, number = (columns.index(name) for name in ("reject_reason", "_source_file", "_row_number"))
        rows = [
            [row[reason], str(row[file]).rsplit("/", 1)[-1], _place(row[number]), *(row[place] for place in values)]
            for row in self.table.rows
        ]
        return Table(["reasons", "file", "row", *(columns[place] for place in values)], rows)

    def next_steps(self) -> list[str]:
        """Say how the rows come out of quarantine again."""
        example = str(self.table.rows[0][self.table.columns.index("_source_file")])
        return [
            f"if the rows are wrong: a corrected file with the same keys, or `landfall undo {quoted(example)}`",
            f"if the rule is wrong: mend int_{self.entity}__checked.sql, deploy; the next transform examines them",
            f"if they were staged wrongly (stg_{self.entity}.sql, what their source declares): mend that, deploy, and"
            " `landfall transform --full-refresh --wait`, since they wait as they were staged",
        ]


def find(
    stack: "Stack", dataset: str | None, reason: str | None, rows: int, sensitive: Collection[str]
) -> list[Quarantined]:
    """Read the quarantined rows, of one dataset or entity or of all, that have a reason or any; the latest first.

    Raises:
        ConfigError: there is no such dataset among those that are modeled.
    """
    warehouse = stack.warehouse_as(queries.TRANSFORMER)
    entities = [row["name"].removeprefix(PREFIX) for row in warehouse.query(modeled.select_quarantines(PREFIX))]
    found = []
    for entity in entities:
        table = warehouse.table(modeled.select_quarantined(f"{PREFIX}{entity}", entity, dataset, reason, rows))
        if table.rows:
            found.append(Quarantined(entity, without_values(table, sensitive)))
    if not found and dataset and dataset not in entities:
        known = {*entities, *(row["dataset"] for row in warehouse.query(modeled.select_modeled_datasets()))}
        if dataset not in known:
            raise ConfigError(f"{dataset} is not modeled{did_you_mean(dataset, known) or '.'} There are {_list(known)}")
    return found


def without_values(table: Table, sensitive: Collection[str]) -> Table:
    """Withhold the values of rows that came with a sensitive dataset."""
    datasets = table.columns.index("_dataset")
    if not any(row[datasets] in sensitive for row in table.rows):
        return table
    return queries.withheld(table, [queries.is_own(name) or name in GATES_OWN for name in table.columns])


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none yet"


def _place(number: Any) -> Any:
    """Return a row's place in its file, which counts from 1; none where it is not known.

    >>> _place(7), _place(0)
    (7, None)
    """
    return number if str(number) != "0" else None
