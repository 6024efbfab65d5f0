"""OPERATE: another name for a dataset. In: both names, of which the new one owns the old keys. Out: what was done.

Steps that can be repeated: what was undone under the old name is entered as undone under the new one, so that no
reconcile brings it back; what the new name has as undone, from when it was dropped or given up, is let land there;
what has landed is announced, and lands under the new name, each version read once more; when the new one has all of it,
the old dataset is dropped. That is asked again in the transaction of the drop, behind the mutexes of both, so that no
row is ever in neither of the two; what was undone meanwhile is undone under the new name there. No object moves.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest_lambda.arrive import smoke
from ingest_lambda.errors import CatalogChangedError, ConfigError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.reconcile.events import Cause
from ingest_lambda.reconcile.ledger import datasets
from ingest_lambda.reconcile.listing import Listed
from ingest_lambda.warehouse.client import Connection, retry_conflicts
from ingest_lambda.warehouse.sessions import Warehouse
from ingest_lambda.warehouse.statements import DATASET_NAME
from ingest_lambda.warehouse.undone import number_undos
from landfall.deploy import bootstrap
from landfall.operate import declared, drops, missing, objects
from landfall.operate.drops import Drop
from landfall.operate.objects import State
from landfall.operate.replays import LOOKS_AT_ONCE
from landfall.operate.statements import bookkeeping, moves
from landfall.operate.uploads import FIRST_PAUSE, LONGEST_PAUSE, PAUSE_GROWTH

if TYPE_CHECKING:
    from landfall.stack import Stack

NAMED = 3
UNREAD = {
    State.GONE: "that version no longer exists, or another object has its key: "
    "what landed of it is under the old name alone",
    State.OFFLINE: "it is archived, and answers no read: restore it in S3, then try again",
}
OPEN = "not landed under the new name yet"
UNDONE = "undone under the new name meanwhile: run it again, and it lands there; or undo it under the old name, too"
Watch = Callable[[int], None]
Rejection = tuple[str, str, str]  # the file's id, the reason in words, when


class Outcome(StrEnum):
    """How far a dataset has come."""

    PLANNED = "planned"
    RENAMED = "renamed"
    ALREADY_RENAMED = "already_renamed"
    LEFT = "left"  # files that have not landed under the new name, so that the old one stays


@dataclass(frozen=True)
class Rename:
    """A rename: what it takes away, the files that are to land under the new name, and why some have not.

    Of the files, `barred` are undone under the new name, which lets them land again. `refused` are the rejections of
    the new name from before its files were announced.
    """

    drop: Drop
    new: str
    files: tuple[FileVersion, ...] = ()
    barred: int = 0
    outcome: Outcome = Outcome.PLANNED
    sent: int = 0
    left: tuple[tuple[FileVersion, str], ...] = ()
    refused: frozenset[Rejection] = frozenset()

    @property
    def is_open(self) -> bool:
        """Tell whether time alone is lacking."""
        return bool(self.left) and all(why == OPEN for _, why in self.left)

    def to_dict(self) -> dict[str, Any]:
        """Spell the rename as its JSON face does."""
        return {
            "dataset": self.drop.dataset,
            "into": self.new,
            "outcome": self.outcome.value,
            "files": self.drop.files,
            "rows": self.drop.rows,
            "to_land": len(self.files),
            "sent": self.sent,
            "left": [
                {"source_file": file.uri, "version_id": file.version_id, "reason": why} for file, why in self.left
            ],
        }


def plan_rename(
    stack: "Stack", warehouse: Connection, old: str, new: str, contracts: Mapping[str, Contract], root: Path
) -> Rename:
    """Say what a rename would do.

    Raises:
        ConfigError: nobody knows the old dataset, the checkout at `root` declares it, the new name is none, or the old
            one's keys are not the new one's by the rules of the checkout.
    """
    if not DATASET_NAME.fullmatch(new) or new == old:
        raise ConfigError(f"{new!r} is no other dataset's name: it must match {DATASET_NAME.pattern}")
    if why := smoke.why_not(new) or smoke.why_not(old):
        raise ConfigError(why)
    drop = drops.plan_drop(warehouse, old, contracts, root)
    if drop.outcome is not drops.Outcome.PLANNED:
        return Rename(drop, new, outcome=Outcome.ALREADY_RENAMED)
    left = _left(warehouse, old, new)
    files = list(left)
    rules = declared.rules(stack.route_pattern, contracts)
    if others := [file.key for file in files if declared.dataset_of(file.key, rules) != new]:
        named = ", ".join(others[:NAMED]) + (" ..." if len(others) > NAMED else "")
        raise ConfigError(
            f"nothing was changed: {len(others):,} files of {old} are not of {new} by the rules here: {named}. Declare "
            f"prefixes for {new} in its source YAML, such as [raw/{old}/], and `landfall deploy`"
        )
    return Rename(drop, new, tuple(files), barred=sum(left.values()))


def prepare(warehouse: Warehouse, planned: Rename, contract: Contract) -> None:
    """Make the tables of the new name, if a deployment has not, and let what was undone stay undone.

    What is in the old table lands, whatever the new name says of it from before.
    """
    bootstrap.prepare_dataset(warehouse, planned.new, contract)
    number_undos(warehouse, planned.new)
    for steps in (
        moves.let_back(planned.drop.dataset, planned.new, uuid.uuid4().hex),
        moves.carry_undone(planned.drop.dataset, planned.new),
    ):
        retry_conflicts(partial(warehouse.transaction, steps))


def announce(stack: "Stack", planned: Rename, rate: float, watch: Watch = lambda _: None) -> Rename:
    """Announce the files that have not landed under the new name; those that nobody can read are left."""
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
        looked = list(pool.map(lambda file: objects.look(stack.s3, file), planned.files))
    there = [file for state, file in looked if state is State.THERE]
    refused = _rejections(stack.warehouse, planned.new)
    missing.send(stack, [Listed(file, planned.new) for file in there], Cause.REPLAY, rate, watch)
    unread = [(file, UNREAD[state]) for file, (state, _) in zip(planned.files, looked, strict=True) if state in UNREAD]
    return replace(planned, sent=len(there), left=tuple(unread), refused=refused)


def wait(warehouse: Connection, announced: Rename, timeout_seconds: float, watch: Watch = lambda _: None) -> Rename:
    """Wait until each file that was announced has landed under the new name, or was rejected, or the time is up.

    `watch` is told how many have ended. Those that have not landed are left, each with the reason.
    """
    deadline, pause = time.monotonic() + timeout_seconds, FIRST_PAUSE
    unread = dict(announced.left)
    while True:
        found = _left(warehouse, announced.drop.dataset, announced.new)
        left = [file for file in found if file not in unread]
        rejected = _rejections(warehouse, announced.new) - announced.refused if left else frozenset()
        why = {file_id: f"rejected: {reason}" for file_id, reason, _ in rejected}
        why |= {file.file_id: UNDONE for file, is_undone in found.items() if is_undone}
        is_open = [file for file in left if file.file_id not in why]
        watch(announced.sent - len(is_open))
        remaining = deadline - time.monotonic()
        if not is_open or remaining <= 0:
            reasons = [(file, why.get(file.file_id, OPEN)) for file in left]
            return replace(announced, left=(*unread.items(), *reasons))
        time.sleep(min(pause, remaining))
        pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)


def finish(warehouse: Connection, landed: Rename) -> Rename:
    """Drop the old dataset, unless a file is left that has not landed under the new name.

    Raises:
        ConfigError: something stands on the old table; it is not dropped.
        TransactionConflictError: it lost against concurrent loads, again and again.
    """
    if landed.left:
        return replace(landed, outcome=Outcome.LEFT)
    try:
        number_undos(warehouse, landed.new)
        dropped = drops.drop(warehouse, landed.drop, moves.drop_moved(landed.drop.dataset, landed.new))
    except CatalogChangedError:  # a file has landed under the old name since, or was undone under the new one
        found = _left(warehouse, landed.drop.dataset, landed.new)
        left = [(file, UNDONE if is_undone else OPEN) for file, is_undone in found.items()]
        if not left:
            raise
        return replace(landed, outcome=Outcome.LEFT, left=tuple(left))
    return replace(landed, drop=dropped, outcome=Outcome.RENAMED)


def _left(warehouse: Connection, old: str, new: str) -> dict[FileVersion, bool]:
    """List the files whose rows are in the old landing table and not in the new one, and whether it bars them."""
    known = new if new in datasets(warehouse) else None
    rows = warehouse.query(moves.select_not_moved(old, known))
    return {
        FileVersion(row["bucket"], row["key"], row["version_id"], row["etag"] or ""): row["undone_at"] is not None
        for row in rows
    }


def _rejections(warehouse: Connection, dataset: str) -> frozenset[Rejection]:
    rows = warehouse.query(bookkeeping.select_rejected_files(dataset))
    return frozenset((row["file_id"], f"{row['reason']}: {row['detail']}", row["rejected_at"]) for row in rows)


def reasons(left: Sequence[tuple[FileVersion, str]]) -> list[str]:
    """Word why files are left, the first of each reason by name."""
    by_reason: dict[str, list[str]] = {}
    for file, why in left:
        by_reason.setdefault(why, []).append(file.uri)
    return [f"{len(files):,} files, as {files[0]}: {why}" for why, files in by_reason.items()]
