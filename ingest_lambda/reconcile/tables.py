"""LAND, reconcile: the folders of table formats, as the listing shows them.

In: a tally with the logs that the listing has, and the folders that are recorded. Out: those that are to be recorded,
because the event of their log was lost or came before anybody listened; and those whose log is gone, in which files
land again. What is missing in such a folder is no lost file: it would be refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ingest_lambda.judge.table_formats import declare, export, undo
from ingest_lambda.reconcile.find import OF_A_TABLE, Tally
from ingest_lambda.reconcile.listing import Scope
from ingest_lambda.table_format import OwnedFolder
from ingest_lambda.warehouse import owned_folders
from ingest_lambda.warehouse.client import Connection
from ingest_lambda.warehouse.owned_folders import LandedBefore


@dataclass(frozen=True)
class Found:
    """A folder that was recorded now, and what had landed of it before."""

    folder: OwnedFolder
    landed: LandedBefore


def unrecorded(tally: Tally) -> list[OwnedFolder]:
    """Name the folders whose logs are in the listing, and that the warehouse does not know."""
    known = {folder.place for folder in tally.recorded}
    return [folder for place, folder in sorted(tally.tables.items()) if place not in known]


def gone(tally: Tally, scope: Scope) -> list[OwnedFolder]:
    """Name the folders that the warehouse knows and whose logs the listing, complete, does not show.

    A folder of a dataset whose files are declared to be meant stays recorded: nothing asks for it.
    """
    return [
        folder
        for folder in tally.recorded
        if folder.bucket == scope.bucket
        and folder.prefix.startswith(scope.prefix)
        and scope.dataset in (None, folder.dataset)
        and folder.dataset not in scope.rules.append_only
        and folder.place not in tally.tables
    ]


def set_apart(tally: Tally, folders: Collection[OwnedFolder]) -> None:
    """Take what lies in such folders out of what is missing."""
    for files in (tally.missing, tally.unread, tally.offline):
        outside = [listed for listed in files if not any(folder.holds(listed.file) for folder in folders)]
        tally.passed_over[OF_A_TABLE] += len(files) - len(outside)
        files[:] = outside


def record(warehouse: Connection, folders: Iterable[OwnedFolder], *, repair: bool = True) -> list[Found]:
    """Record folders (without `repair`, only look at them), and say what had landed of each.

    Raises:
        TransientError, ConfigError: the warehouse does not answer, or denies access.
    """
    found: list[Found] = []
    for folder in folders:
        if repair:
            owned_folders.record(warehouse, folder)
        found.append(Found(folder, owned_folders.landed_before(warehouse, folder)))
    return found


def forget(warehouse: Connection, folders: Iterable[OwnedFolder]) -> None:
    """Let files of such folders land again.

    Raises:
        TransientError, ConfigError: the warehouse does not answer, or denies access.
    """
    for folder in folders:
        owned_folders.forget(warehouse, folder)


def describe(found: Found) -> str:
    """Word what was found, and what to do."""
    folder = found.folder
    todo = [export(folder.format), *([undo(folder.dataset, found.landed)] if found.landed.files else [])]
    return (
        f"{folder.prefix} is the folder of a {folder.format} table, whose files are rejected (log: {folder.log_key}). "
        f"{'; '.join(todo)}; {declare(folder.dataset)}"
    )


def describe_gone(folder: OwnedFolder) -> str:
    """Word that a folder is a table's no more."""
    replay = f"landfall replay --rejected --dataset {folder.dataset} --reason table_format"
    return f"{folder.prefix} has no log of {folder.format} any more: its files land again. What was rejected: {replay}"


def face(found: Found) -> dict[str, object]:
    """Spell what was found as the JSON faces do."""
    folder, landed = found.folder, found.landed
    return {
        "folder": folder.prefix,
        "format": folder.format.value,
        "dataset": folder.dataset,
        "log": folder.log_key,
        "landed_before": landed.files,
        "landed_examples": list(landed.keys),
    }
