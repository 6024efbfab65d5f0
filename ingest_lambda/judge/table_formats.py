"""LAND: files of a table format, which are no rows to be appended.

In: a file, its dataset's contract, and the folders that table formats own. Out: nothing, or the rejection. Pure.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import APPEND_ONLY, Contract
from ingest_lambda.read.footer import Inspected
from ingest_lambda.reasons import Reason
from ingest_lambda.table_format import OwnedFolder, TableFormat
from ingest_lambda.warehouse.owned_folders import LandedBefore

WHY = "whose files are no rows to be appended: a compaction writes rows again, and deleted rows stay in its files"
EXPECTED = "rows that no other file has or takes back"
MAX_COMMANDS = 300  # characters of keys: a remedy has 1,000 in all, and a command that is cut is none
# How a table's rows are had as they are at one moment, by the format's own reader.
EXPORTS = {
    TableFormat.DELTA: "spark.read.format('delta').load(TABLE), or deltalake.DeltaTable(TABLE).to_pyarrow_table()",
    TableFormat.HUDI: "spark.read.format('hudi').load(TABLE), without its _hoodie_ columns",
    TableFormat.ICEBERG: "spark.read.format('iceberg').load(TABLE), or table.scan().to_arrow() of pyiceberg",
}


@dataclass(frozen=True)
class Ownership:
    """What is known of the folders of a dataset that table formats own, for files of one load.

    `landed` is what had landed from each before it was known. `known` are the ids of files that the ledger holds: their
    events come again, and nothing else does.
    """

    folders: tuple[OwnedFolder, ...] = ()
    landed: Mapping[OwnedFolder, LandedBefore] = field(default_factory=dict)
    known: Set[str] = frozenset()

    def folder_of(self, file: FileVersion) -> OwnedFolder | None:
        """Name the owned folder that a file lies in."""
        return next((folder for folder in self.folders if folder.holds(file)), None)


NOBODY = Ownership()


def refuse_table_format(dataset: str, file: Inspected, contract: Contract, ownership: Ownership = NOBODY) -> None:
    """Refuse a file of a table format, unless its dataset declares that it is meant: then its rows land.

    Raises:
        RejectedFileError: the file is one of a table's, or has no rows of it.
    """
    sign = file.footer.sign
    if sign is not None and not sign.has_rows:
        raise RejectedFileError(
            Reason.TABLE_FORMAT,
            f"the file is {sign.format}'s own: it says which rows of the table count, and has none of them",
            found=sign.found,
            expected="rows",
            remedy=export(sign.format),
        )
    if contract.append_only or file.file.file_id in ownership.known:
        return
    folder = ownership.folder_of(file.file)
    if folder is not None:
        raise _of_folder(dataset, folder, ownership.landed.get(folder, LandedBefore()))
    if sign is not None:
        raise RejectedFileError(
            Reason.TABLE_FORMAT,
            f"the file is one of a {sign.format} table, {WHY}",
            found=sign.found,
            expected=EXPECTED,
            remedy=f"{export(sign.format)}; {declare(dataset)}",
        )


def _of_folder(dataset: str, folder: OwnedFolder, landed: LandedBefore) -> RejectedFileError:
    before = f"{landed.files:,} files of it landed before that" if landed.files else "no file of it landed before that"
    return RejectedFileError(
        Reason.TABLE_FORMAT,
        f"{folder.prefix} is the folder of a {folder.format} table, {WHY}; {before}",
        found=f"its log: {folder.log_key}",
        expected=EXPECTED,
        remedy="; ".join(
            [
                f"export its rows with {folder.format}'s own reader to a folder of their own, as parquet",
                *([undo(dataset, landed)] if landed.files else []),
                declare(dataset),
            ]
        ),
    )


def undo(dataset: str, landed: LandedBefore) -> str:
    """Say how to take out what landed before a folder was known, as many commands as a remedy has room for.

    >>> undo("sales", LandedBefore(2, ("raw/sales/b.parquet", "raw/sales/a b.parquet")))
    "take out what landed: landfall undo raw/sales/b.parquet; landfall undo 'raw/sales/a b.parquet'"
    >>> undo("sales", LandedBefore(9, ("k" * 900,)))
    'take out what landed: landfall undo KEY of its 9 files (landfall history --dataset sales)'
    """
    commands: list[str] = []
    for key in landed.keys:
        if key.isprintable() and sum(map(len, commands)) + len(key) <= MAX_COMMANDS:
            commands.append(f"landfall undo {shlex.quote(key)}")
    if len(commands) < landed.files:
        others = f"{landed.files - len(commands):,} {'other ' if commands else ''}files"
        commands.append(f"landfall undo KEY of its {others} (landfall history --dataset {dataset})")
    return f"take out what landed: {'; '.join(commands)}"


def export(table_format: TableFormat) -> str:
    """Say what to do with a table instead."""
    return (
        f"export its rows with {table_format}'s own reader ({EXPORTS[table_format]}) and write them as parquet to a "
        "folder of their own; or query the table where it is, with Redshift Spectrum"
    )


def declare(dataset: str) -> str:
    """Say how to land a table's files all the same."""
    return (
        f"if its files are only ever added: declare config: {{meta: {{table_format: {APPEND_ONLY}}}}} in the dataset's "
        "source YAML, landfall deploy, then "
        f"landfall replay --rejected --dataset {dataset} --reason {Reason.TABLE_FORMAT}"
    )
