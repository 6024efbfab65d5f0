"""LAND, reconcile: snapshots that have begun and are not whole, and what each waits for.

In: the datasets that are declared snapshots, the warehouse. Out: those newer than the newest whole one of their dataset
that have waited for long. An older one waits for nobody: it would change nothing that a newer one has.
"""

# ruff: noqa: S608 - building SQL is half of this module's purpose; names and ids go through ingest_lambda.statements

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.snapshots import End, Snapshot, parts_of
from ingest_lambda.warehouse.catalog import landed_datasets
from ingest_lambda.warehouse.client import Connection, Row
from ingest_lambda.warehouse.copies import SKIPPED, is_original
from ingest_lambda.warehouse.statements import literal, table

PATIENCE = timedelta(hours=6)  # since the last of its files that landed
NAMED = 3


@dataclass(frozen=True)
class Waiting:
    """A snapshot that is not whole: where, for how long, the keys that have landed, what is missing and what to do."""

    dataset: str
    place: str
    hours: int
    came: tuple[str, ...]
    missing: str
    remedy: str

    def describe(self) -> str:
        """Word it for people.

        >>> Waiting("menus", "raw/menus/", 7, ("raw/menus/a",), "the marker _SUCCESS", "").describe()
        'menus: the snapshot in raw/menus/ has waited for 7 hours; landed: raw/menus/a; missing: the marker _SUCCESS'
        """
        came = _named(self.came) or "nothing"
        return (
            f"{self.dataset}: the snapshot in {self.place} has waited for {self.hours} hours; landed: {came}; "
            f"missing: {self.missing}"
        )

    def face(self) -> dict[str, Any]:
        """Spell it for machines, the keys bounded."""
        said = {"dataset": self.dataset, "place": self.place, "hours": self.hours, "landed": len(self.came)}
        return {**said, "missing": self.missing, "remedy": self.remedy}


def waiting(
    warehouse: Connection, contracts: Mapping[str, Contract], patience: timedelta | None = None
) -> list[Waiting]:
    """Find the snapshots that wait for longer than `patience` (default: six hours).

    Raises:
        TransientError, ConfigError: the warehouse does not answer, or denies access.
    """
    declared = {dataset: contract.snapshot for dataset, contract in contracts.items() if contract.snapshot}
    return [
        each
        for dataset in landed_datasets(warehouse)
        if dataset in declared and declared[dataset].end is not End.FILE
        for seconds, each in _of_dataset(warehouse, dataset, declared[dataset])
        if seconds >= (PATIENCE if patience is None else patience).total_seconds()
    ]


def _of_dataset(warehouse: Connection, dataset: str, snapshot: Snapshot) -> list[tuple[int, Waiting]]:
    """Find the snapshots of a dataset that wait, and for how many seconds."""
    said = warehouse.transaction([select_members(dataset), select_unlisted(dataset, snapshot)])
    by_end = _grouped(said.rows(0), lambda row: str(row["end_file_id"]))
    by_place = _grouped(said.rows(1), lambda row: _place(str(row["key"]), snapshot))
    return [
        *((_seconds(rows), _listed(dataset, snapshot, rows)) for rows in by_end),
        *((_seconds(rows), _unlisted(dataset, snapshot, rows)) for rows in by_place),
    ]


def select_members(dataset: str) -> str:
    """List the files of snapshots that are not whole, newer than the newest that is, with what is known of each."""
    rejected = (
        'select file_id, max("key") as "key", max(reason) as reason from ops.rejected_files '
        f"where dataset = {literal(dataset)} group by file_id"
    )
    return (
        f"{_complete(dataset)} "
        'select listed.end_file_id, listed.file_id, coalesce(files."key", rejected."key") as "key", '
        f"case when files.file_id is null or files.load_path = {literal(SKIPPED)} then 0 else 1 end as is_known, "
        "case when files.undone_at is null then 0 else 1 end as is_undone, "
        f"case when files.load_path = {literal(SKIPPED)} then {literal(SKIPPED)} else rejected.reason end as reason, "
        "datediff(second, coalesce(files.loaded_at, listed.recorded_at), sysdate) as seconds "
        f"from listed left join {table('ledger', dataset)} as files on listed.file_id = files.file_id "
        f"left join ({rejected}) as rejected on listed.file_id = rejected.file_id "
        "where listed.end_file_id not in (select end_file_id from complete) "
        f'and {_is_newer("listed.ended_at")} order by listed.ended_at, listed.end_file_id, "key"'
    )


def select_unlisted(dataset: str, snapshot: Snapshot) -> str:
    """List the files that have landed and are in no list, newer than the newest snapshot that is whole.

    Of a count also those of the last two days whose keys are in no list: what an export has beyond its count is as old
    as what made it whole.
    """
    beyond = (
        "or (files.loaded_at > dateadd(day, -2, sysdate) and not exists "
        f"(select 1 from {table('ledger', dataset)} as part inner join listed on part.file_id = listed.file_id "
        'where part."key" = files."key"))'
    )
    return (
        f"{_complete(dataset)} "
        'select files."key", datediff(second, files.loaded_at, sysdate) as seconds '
        f"from {table('ledger', dataset)} as files left join listed on files.file_id = listed.file_id "
        "left join (select _file_id, min(_file_modified_at) as stored_at "
        f"from {table('landing', dataset)} group by _file_id) as landed on files.file_id = landed._file_id "
        "where files.undone_at is null and listed.file_id is null "
        f"and ({_is_newer('coalesce(landed.stored_at, files.loaded_at)')} "
        f'{beyond if snapshot.end is End.COUNT else ""}) order by files."key"'
    )


def _complete(dataset: str) -> str:
    return (
        "with listed as (select end_file_id, ended_at, file_id, min(recorded_at) as recorded_at "
        f"from ops.snapshot_files where dataset = {literal(dataset)} group by end_file_id, ended_at, file_id), "
        "complete as (select listed.end_file_id, listed.ended_at from listed "
        f"left join {table('ledger', dataset)} as landed "
        f"on listed.file_id = landed.file_id and {is_original('landed')} "
        "group by listed.end_file_id, listed.ended_at having count(*) = count(landed.file_id))"
    )


def _is_newer(moment: str) -> str:
    return f"{moment} > coalesce((select max(ended_at) from complete), timestamp '1970-01-01')"


def _listed(dataset: str, snapshot: Snapshot, rows: Sequence[Row]) -> Waiting:
    """Tell of a snapshot whose files are known."""
    came = [str(row["key"]) for row in rows if int(row["is_known"]) and not int(row["is_undone"])]
    undone = [str(row["key"]) for row in rows if int(row["is_undone"])]
    rejected = [f"{row['key']} ({row['reason']})" for row in rows if row["reason"] and not int(row["is_known"])]
    lost = len(rows) - len(came) - len(undone) - len(rejected)
    again = "the whole export again, to another folder" if snapshot.end is End.COUNT else f"then {_end(snapshot)} again"
    missing, remedies = [], []
    if rejected:
        missing.append(f"rejected: {_named(rejected)}")
        written = again if snapshot.end is End.COUNT else f"files that land, {again}"
        remedies.append(f"store {written}; or, where they can land as they are by now, landfall replay --rejected")
    if undone:
        missing.append(f"undone: {_named(undone)}")
        written = again if snapshot.end is End.COUNT else f"the files, {again}"
        remedies.append(f"store {written}")
    if lost:
        missing.append(f"{lost} that neither landed nor were rejected")
        remedies.append(
            "landfall status shows whether they are on their way; landfall reconcile sends them again; what landing "
            f"ignores (landfall history --ignored) does not belong there: take it away, and store {again}"
        )
    known = [str(row["key"]) for row in rows if row["key"]]
    place = _place(known[0], snapshot) if known else "its folder"
    return Waiting(dataset, place, _seconds(rows) // 3_600, tuple(came), "; ".join(missing), "; ".join(remedies))


def _unlisted(dataset: str, snapshot: Snapshot, rows: Sequence[Row]) -> Waiting:
    """Tell of files that nothing has ended."""
    keys = tuple(dict.fromkeys(str(row["key"]) for row in rows))
    place = _place(keys[0], snapshot)
    parts = parts_of(keys[0], snapshot) if snapshot.end is End.COUNT else None
    if snapshot.end is not End.COUNT:
        missing = _end(snapshot)
        remedy = (
            f"did the export die? store {missing} in the folder that it was written to, after its files, or it again"
        )
    elif parts is None:
        missing = "how many they are: their names do not say it"
        remedy = "write names as x-00003-of-00008.parquet, or declare another end of a snapshot: docs/producers.md"
    elif len(keys) < parts.count:
        missing = f"{parts.count - len(keys)} of {parts.count} files; or {parts.count} others are whole without them"
        remedy = (
            "did the export die? store the other files, or the whole export again, to another folder; does it write "
            "more files by now? raise the count that the source YAML declares, deploy, and store it again"
        )
    else:
        missing = f"nothing: they came after {parts.count} files were whole"
        remedy = "store each export in a folder of its own, or declare another end of a snapshot: docs/producers.md"
    return Waiting(dataset, place, _seconds(rows) // 3_600, keys, missing, remedy)


def _grouped(rows: Sequence[Row], group_of: Callable[[Row], str]) -> list[list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(group_of(row), []).append(row)
    return list(groups.values())


def _place(key: str, snapshot: Snapshot) -> str:
    parts = parts_of(key, snapshot) if snapshot.end is End.COUNT else None
    return parts.prefix if parts else key.rpartition("/")[0] + "/"


def _end(snapshot: Snapshot) -> str:
    return f"the {snapshot.end} {snapshot.marker}"


def _seconds(rows: Sequence[Row]) -> int:
    """Say how long ago the last of them landed."""
    return min(int(row["seconds"]) for row in rows)


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
