"""OPERATE: rows that were removed from landing, being old. In: a stack. Out: what is missing, and the ways out.

What is made from a dataset with a gap is not built from its first row: an undo of modeled rows, a full refresh and a
model of other columns would lose the rows without a word.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3

from ingest_lambda.errors import ConfigError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.legible import quoted
from ingest_lambda.reconcile import retention
from ingest_lambda.reconcile.events import Cause
from ingest_lambda.reconcile.listing import Listed, by_dataset
from ingest_lambda.reconcile.retention import Removal
from ingest_lambda.warehouse import removals
from ingest_lambda.warehouse.client import Connection, retry_conflicts
from ingest_lambda.warehouse.copies import forget_copies, select_copies_of
from ingest_lambda.warehouse.undone import number_undos
from landfall.operate import declared, objects
from landfall.operate import missing as resend
from landfall.operate.pages import PATIENT
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
    are of another dataset by now, or of none: announced, they would land there as new. `copies`: files with the bytes
    of those that a backfill does not bring back, skipped as such (`copies: skip`), that land once these are given up;
    `offline_copies` as well, once restored.
    """

    there: Sequence[Listed] = ()
    offline: Sequence[Listed] = ()
    gone: Sequence[Listed] = ()
    rejected: Sequence[Listed] = ()
    elsewhere: Sequence[Listed] = ()
    copies: Sequence[Listed] = ()
    offline_copies: Sequence[Listed] = ()

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
    rules = declared.rules(stack.route_pattern)
    elsewhere = [each for each in listed if declared.dataset_of(each.file.key, rules) != each.dataset]
    of = _by_state(stack, [each for each in listed if each not in set(elsewhere)])
    there = of[objects.State.THERE]
    refused = {
        row["file_id"]
        for name in sorted({each.dataset for each in there})
        for row in stack.warehouse.query(removals.select_rejected(str(name)))
    }
    rejected = [each for each in there if each.file.file_id in refused]
    gone = of[objects.State.GONE]
    lost = by_dataset([*gone, *elsewhere])
    skipped = [each for name, ids in lost.items() for each in _copies(stack, name, ids)]
    copies = _by_state(stack, [each for each in skipped if declared.dataset_of(each.file.key, rules) == each.dataset])
    known = there, of[objects.State.OFFLINE], gone, rejected, elsewhere
    return Missing(*known, copies[objects.State.THERE], copies[objects.State.OFFLINE])


def _by_state(stack: "Stack", files: Sequence[Listed]) -> dict[objects.State, list[Listed]]:
    """Ask S3 what it has of files."""
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
        states = list(pool.map(lambda each: objects.state(stack.s3, each.file), files))
    return {
        state: [each for each, found in zip(files, states, strict=True) if found is state] for state in objects.State
    }


def _copies(stack: "Stack", dataset: str, file_ids: Sequence[str]) -> list[Listed]:
    """List the files that were skipped as copies of some."""
    found = {
        FileVersion(row["bucket"], row["key"], row["version_id"]): None
        for start in range(0, len(file_ids), IDS_A_STATEMENT)
        for row in stack.warehouse.query(select_copies_of(dataset, file_ids[start : start + IDS_A_STATEMENT]))
    }
    return [Listed(file, dataset) for file in found]


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
    elif found:  # what no model reads, by now, no build needs
        read_with = ask(stack)(sorted(found))["read_with"]
        found = {name: gap for name, gap in found.items() if read_with[name]}
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
    if missing.copies:
        lines.append(f"{_some(missing.copies)} have the same bytes, and land once the rows are given up")
    if missing.offline_copies:
        lines.append(f"{_some(missing.offline_copies)} have the same bytes, and are archived: restore them first")
    return lines


def _some(files: Sequence[Listed]) -> str:
    return f"{len(files):,} files that were skipped as copies, as {files[0].file.uri},"


def ask(stack: "Stack") -> retention.Ask:
    """Return what asks the stack's transform function."""
    client = boto3.client("lambda", config=PATIENT)
    return partial(retention.ask_transform, client, stack.output("TransformFunctionName"))


def keep_house(stack: "Stack", dataset: str | None, *, dry_run: bool, slack_days: int = 0) -> list[Removal]:
    """Remove the rows that are older than their datasets keep them, where any is older by `slack_days`.

    Raises:
        ConfigError: the dataset declares no `retention_days`.
    """
    contracts = declared.contracts()
    if dataset and (dataset not in contracts or contracts[dataset].retention_days is None):
        raise ConfigError(
            f"{dataset} declares no retention_days, so that its rows stay: declare it in config.meta of its source in "
            "dbt_project/models/landing/, and deploy"
        )
    options: dict[str, Any] = {"dataset": dataset, "slack_days": slack_days, "dry_run": dry_run}
    return retention.keep_house(stack.warehouse, contracts, lambda names: ask(stack)(names), **options)


def give_up(stack: "Stack", dataset: str, *, dry_run: bool) -> Removal:
    """Let the removed files count as undone that no backfill brings back: what models hold of them goes with a run.

    They are gone from S3, or landing has rejected them since they were removed, or their keys are not the dataset's.
    Files with their bytes, which were skipped as copies, leave the ledger with them, and are announced: they land in
    their place. Should that be cut short, they are files that have not landed, which the next reconcile announces.

    Raises:
        ConfigError: there is no gap, or it has a file that can be brought back, or one with its bytes to be restored.
    """
    gap = gaps(stack.warehouse, dataset).get(dataset)
    if gap is None:
        raise ConfigError(f"no row of {dataset} is missing in landing")
    missing = look_for(stack, [dataset])
    if left := missing.returnable:
        restored = " once restored" if missing.offline else ""
        example = quoted(left[0].file.uri)
        raise ConfigError(
            f"{len(left):,} files of the gap can be brought back{restored}, as {example}: `{gap.remedy}` first"
        )
    if missing.offline_copies:
        raise ConfigError(
            f"{_some(missing.offline_copies)} have the bytes of files that no backfill brings back, and are archived: "
            "restore them first, so that they land in their place"
        )
    lost = [each.file.file_id for files, _ in missing.lost for each in files]
    copies = {each.file.file_id for each in missing.copies}
    if not dry_run:
        _give_up(stack, dataset, lost, copies)
        resend.send(stack, missing.copies, Cause.REPLAY)
    why = "; ".join(f"{len(files):,} files are {text}" for files, text in missing.lost)
    said = f"{why}: what models hold of them goes with the next run"
    if missing.copies:
        said += f"; {_some(missing.copies)} {'would land' if dry_run else 'land'} in their place"
    days = declared.contracts()[dataset].retention_days if dataset in declared.contracts() else None
    return Removal(dataset, "would_give_up" if dry_run else "given_up", days or 0, gap.files, gap.rows, said)


def _give_up(stack: "Stack", dataset: str, lost: Sequence[str], copies: Set[str]) -> None:
    """Let files count as undone, and forget those of their copies, in one transaction: the last of one's bytes."""
    number_undos(stack.warehouse, dataset)
    for start in range(0, len(lost), IDS_A_STATEMENT):
        ids = lost[start : start + IDS_A_STATEMENT]
        of_them = [each.file.file_id for each in _copies(stack, dataset, ids) if each.file.file_id in copies]
        steps = removals.give_up(dataset, ids)
        for first in range(0, len(of_them), IDS_A_STATEMENT):
            steps += forget_copies(dataset, of_them[first : first + IDS_A_STATEMENT], if_alone=True)[1:]
        retry_conflicts(partial(stack.warehouse.transaction, steps))
