"""OPERATE: rows that were removed from landing, being old. In: a stack. Out: what is missing, and the ways out.

What is made from a dataset with a gap is not built from its first row: an undo of modeled rows, a full refresh and a
model of other columns would lose the rows without a word.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3

from ingest_lambda.errors import ConfigError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.reconcile import retention
from ingest_lambda.reconcile.listing import Listed
from ingest_lambda.reconcile.retention import Removal
from ingest_lambda.warehouse import removals
from ingest_lambda.warehouse.client import Connection, retry_conflicts
from landfall.operate import declared, objects
from landfall.operate.pages import PATIENT
from landfall.operate.renames import dataset_of
from landfall.operate.undos import Version
from landfall.timestamps import iso

if TYPE_CHECKING:
    from landfall.stack import Stack

LOOKS_AT_ONCE = 16
LOOKED_FOR = 1_000  # files of a gap that a refusal asks S3 for
NAMED = 3
IDS_A_STATEMENT = 1_000


@dataclass(frozen=True)
class Gap:
    """How many files' rows of a dataset are missing in landing, of which loads, and when the last of them left."""

    dataset: str
    files: int
    rows: int
    first_seq: int
    last_seq: int
    removed_at: str | None

    @property
    def remedy(self) -> str:
        """Name the command that brings the rows back."""
        return f"landfall backfill raw/ --dataset {self.dataset} --removed"

    def describe(self) -> str:
        """Say in words what is missing."""
        loads = f"loads {self.first_seq} to {self.last_seq}, removed until {self.removed_at}"
        return f"{self.rows:,} rows of {self.files:,} files of {self.dataset} ({loads})"

    def to_dict(self) -> dict[str, Any]:
        """Spell it as the JSON faces do."""
        return asdict(self)


@dataclass(frozen=True)
class Missing:
    """The files of a gap, by what S3 has of them: `offline` ones have to be restored before anything can read them.

    `rejected`: those of `there` that landing has rejected since. `elsewhere`: those that S3 may have, and whose keys
    are of another dataset by now, or of none: announced, they would land there as new.
    """

    there: Sequence[Listed] = ()
    offline: Sequence[Listed] = ()
    gone: Sequence[Listed] = ()
    rejected: Sequence[Listed] = ()
    elsewhere: Sequence[Listed] = ()

    @property
    def returnable(self) -> list[Listed]:
        """List those that a backfill may bring back, `offline` ones once they are restored."""
        rejected = set(self.rejected)
        return [*(each for each in self.there if each not in rejected), *self.offline]

    @property
    def lost(self) -> list[tuple[Sequence[Listed], str]]:
        """List those that a backfill does not bring back, and why."""
        why = (
            (self.gone, "gone from S3"),
            (self.rejected, "rejected by landing since (`landfall history` has the verdict)"),
            (self.elsewhere, "of another dataset by now, or of none, by the rules for keys"),
        )
        return [(files, text) for files, text in why if files]


def gaps(warehouse: Connection, wanted: str | None = None) -> dict[str, Gap]:
    """List the gaps, by dataset; nothing is asked of ledgers that cannot have one."""
    names = [str(row["dataset"]) for row in warehouse.query(removals.select_ledgers())]
    asked = removals.select_gaps(name for name in names if wanted in (None, name))
    rows = warehouse.query(" union all ".join(asked)) if asked else []
    return {
        row["dataset"]: Gap(
            row["dataset"],
            int(row["files"]),
            int(row["row_count"]),
            int(row["first_seq"]),
            int(row["last_seq"]),
            iso(row["removed_at"]),
        )
        for row in rows
    }


def look_for(stack: "Stack", datasets: Sequence[str], prefix: str = "", most: int | None = None) -> Missing:
    """Ask S3 for the files of gaps whose keys begin so: all of them, or the first ones."""
    listed = [
        Listed(FileVersion(row["bucket"], row["key"], row["version_id"]), name)
        for name in datasets
        for row in stack.warehouse.query(removals.select_files(name))
        if str(row["key"]).startswith(prefix)
    ][:most]
    rules = declared.rules(stack.route_pattern) if listed else None
    elsewhere = [each for each in listed if rules and dataset_of(each.file.key, rules) != each.dataset]
    asked = [each for each in listed if each not in set(elsewhere)]
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
        states = list(pool.map(lambda each: objects.state(stack.s3, each.file), asked))
    of = {state: [each for each, found in zip(asked, states, strict=True) if found is state] for state in objects.State}
    there = of[objects.State.THERE]
    refused = {
        row["file_id"]
        for name in sorted({each.dataset for each in there})
        for row in stack.warehouse.query(removals.select_rejected(str(name)))
    }
    rejected = [each for each in there if each.file.file_id in refused]
    return Missing(there, of[objects.State.OFFLINE], of[objects.State.GONE], rejected, elsewhere)


def refuse_rebuild(stack: "Stack", what: str, dataset: str | None = None) -> None:
    """Refuse what would build models from the first row, where rows are missing that they need.

    `dataset`: only what is made from it, and from what that leads to, would be built; None: everything.

    Raises:
        ConfigError: rows are missing; the message says whose, and the ways to get them back.
    """
    found = gaps(stack.warehouse)
    if found and dataset is not None:
        said = ask(stack)([dataset])["read_with"][dataset]
        found = {name: gap for name, gap in found.items() if name in {dataset, *said}}
    if found:
        raise ConfigError(f"{what} would lose rows, and is refused: {'; '.join(_lines(stack, found))}")


def undo_guard(stack: "Stack") -> Callable[[Version], None]:
    """Return what refuses to undo a version that is modeled, where what holds it could not be rebuilt without it."""

    def refuse(version: Version) -> None:
        if version.was_modeled:
            refuse_rebuild(stack, "the rebuild after this undo", version.dataset)

    return refuse


def _lines(stack: "Stack", found: Mapping[str, Gap]) -> list[str]:
    lines = [f"landing lacks {gap.describe()}; `{gap.remedy}` brings them back" for gap in found.values()]
    missing = look_for(stack, list(found), most=LOOKED_FOR)
    if missing.offline:
        lines.append(f"{len(missing.offline):,} of the files are archived in S3 and must be restored there first")
    for files, why in missing.lost:
        named = ", ".join(each.file.uri for each in files[:NAMED]) + (", ..." if files[NAMED:] else "")
        names = sorted({str(each.dataset) for each in files})
        ways = " and ".join(f"`landfall housekeeping --give-up --dataset {name}`" for name in names)
        lines.append(f"{len(files):,} of them are {why} ({named}): {ways} gives their rows up")
    return lines


def ask(stack: "Stack") -> retention.Ask:
    """Return what asks the stack's transform function."""
    client = boto3.client("lambda", config=PATIENT)
    return partial(retention.ask_transform, client, stack.output("TransformFunctionName"))


def keep_house(stack: "Stack", dataset: str | None, *, dry_run: bool) -> list[Removal]:
    """Remove the rows that are older than their datasets keep them.

    Raises:
        ConfigError: the dataset declares no `retention_days`.
    """
    contracts = declared.contracts()
    if dataset and (dataset not in contracts or contracts[dataset].retention_days is None):
        raise ConfigError(
            f"{dataset} declares no retention_days, so that its rows stay: declare it in config.meta of its source in "
            "dbt_project/models/landing/, and deploy"
        )
    return retention.keep_house(stack.warehouse, contracts, ask(stack), dataset=dataset, dry_run=dry_run)


def give_up(stack: "Stack", dataset: str, *, dry_run: bool) -> Removal:
    """Let the removed files count as undone that no backfill brings back: what models hold of them goes with a run.

    They are gone from S3, or landing has rejected them since they were removed, or their keys are not the dataset's.

    Raises:
        ConfigError: there is no gap, or it has a file that can be brought back.
    """
    gap = gaps(stack.warehouse, dataset).get(dataset)
    if gap is None:
        raise ConfigError(f"no row of {dataset} is missing in landing")
    missing = look_for(stack, [dataset])
    if left := missing.returnable:
        restored = " once restored" if missing.offline else ""
        example = shlex.quote(left[0].file.uri)
        raise ConfigError(
            f"{len(left):,} files of the gap can be brought back{restored}, as {example}: `{gap.remedy}` first"
        )
    ids = [each.file.file_id for files, _ in missing.lost for each in files]
    for start in range(0, 0 if dry_run else len(ids), IDS_A_STATEMENT):
        steps = removals.give_up(dataset, ids[start : start + IDS_A_STATEMENT])
        retry_conflicts(partial(stack.warehouse.transaction, steps))
    why = "; ".join(f"{len(files):,} files are {text}" for files, text in missing.lost)
    said = f"{why}: what models hold of them goes with the next run"
    days = declared.contracts()[dataset].retention_days if dataset in declared.contracts() else None
    return Removal(dataset, "would_give_up" if dry_run else "given_up", days or 0, gap.files, gap.rows, said)
