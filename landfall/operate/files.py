"""OPERATE: what has become of the files. In: a warehouse. Out: totals a dataset, a line a file, outcomes by id."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from ingest_lambda.file_version import FileVersion
from ingest_lambda.legible import quoted
from ingest_lambda.reasons import Reason
from ingest_lambda.reconcile.ledger import datasets, ledgers
from ingest_lambda.same_object import etag_of_verdict, is_same_etag
from ingest_lambda.warehouse.catalog import landed_datasets
from ingest_lambda.warehouse.client import Connection, Row
from ingest_lambda.warehouse.copies import SKIPPED, place_of
from landfall.operate import verdicts
from landfall.operate.statements import bookkeeping
from landfall.timestamps import iso

NOT_LANDING = frozenset({"rejected", "ignored", "gone", "undone"})  # the outcomes that ask for somebody
IDS_A_STATEMENT = 500  # 500 ids of 64 characters are 34 KB, well under the Data API's 100 KB a statement

SETTLED = datetime.max.replace(tzinfo=UTC)  # of a file that has landed, whatever is noted of it


@dataclass(frozen=True)
class DatasetTotals:
    """What has landed of one dataset; `last_loaded_at` is ISO 8601 in UTC."""

    dataset: str
    files_landed: int
    rows_landed: int
    files_rejected: int
    last_loaded_at: str | None


@dataclass(frozen=True)
class FileLine:
    """What has become of one file version; `verdict` is the producer's, of a file that was rejected."""

    source_file: str
    dataset: str
    outcome: str
    reason: str | None
    rows: int | None
    load_id: str | None
    load_seq: int | None
    load_path: str | None
    loaded_at: str | None
    verdict: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Spell the line as its JSON face does."""
        line = asdict(self)
        del line["verdict"]
        return line | verdicts.facts(self.verdict)


@dataclass(frozen=True)
class Outcome:
    """What landing decided on one file version: landed, or why not; `verdict` is the producer's."""

    outcome: str
    reason: str | None = None
    rows: int | None = None
    verdict: Mapping[str, Any] | None = None


def totals(warehouse: Connection, wanted: str | None = None) -> list[DatasetTotals]:
    """Count files and rows, a dataset each, in order of name; of one that was dropped only what was rejected."""
    has_removals = ledgers(warehouse)
    known, removing = list(has_removals), {name for name, has in has_removals.items() if has}
    totals_of = bookkeeping.select_totals(landed_datasets(warehouse, wanted))
    landed = {row["dataset"]: row for row in _all(warehouse, totals_of)}
    rejected_of = _all(warehouse, bookkeeping.select_rejected_totals(known, removing))
    rejected = Counter({row["dataset"]: int(row["files"]) for row in rejected_of})
    rejected -= _landed_elsewhere(warehouse, known)
    names = sorted({*landed, *(name for name in rejected if wanted in (None, name))})
    return [_totals(name, landed.get(name, {}), rejected.get(name, 0)) for name in names]


def history(warehouse: Connection, wanted: str | None = None) -> list[FileLine]:
    """List what has become of every file, newest first.

    A rejection that is settled, because the file has landed since, is `resolved`; its landing has a line of its own.
    That of a file whose rows were removed before stands: it has not come back.
    """
    has_removals = ledgers(warehouse)
    known, removing = list(has_removals), {name for name, has in has_removals.items() if has}
    names = [name for name in known if wanted in (None, name)]
    landed = _all(warehouse, bookkeeping.select_landed_files(names, removing))
    originals = _originals(landed)
    rejected = warehouse.query(bookkeeping.select_rejected_files(wanted))
    in_ledgers = list(landed)
    if wanted:  # it may have landed in another dataset since, which a new rule names
        left = {row["file_id"] for row in rejected} - {row["file_id"] for row in landed}
        in_ledgers += _in_ledgers(warehouse, [name for name in known if name != wanted], left, removing)
    # What one ledger has undone says nothing of a file that stands in another, so it comes first and is overridden.
    in_ledgers.sort(key=lambda row: row["undone_at"] is None)
    held = {row["file_id"]: row for row in in_ledgers}
    lines = [
        *(_landed_line(row, originals) for row in landed),
        *(_rejected_line(row, _is_settled(row, held)) for row in rejected),
    ]
    return sorted(lines, key=lambda line: line.loaded_at or "", reverse=True)


def settled_at(
    warehouse: Connection, ids_by_dataset: Mapping[str, Sequence[str]], etags: Mapping[str, str] | None = None
) -> dict[str, datetime]:
    """Say of files, by id, when they were settled: rejected last, or their rows removed; `SETTLED` of what has landed.

    One that was tried after that was announced once more. Those that landing knows nothing of are absent. `etags`: as
    in `outcomes`.
    """
    wanted = etags or {}
    has_removals = ledgers(warehouse)
    removing = {name for name, has in has_removals.items() if has}
    found: dict[str, datetime] = {}
    for chunk in _chunks(ids_by_dataset):
        ids = [file_id for _, of_dataset in chunk for file_id in of_dataset]
        for row in warehouse.query(bookkeeping.select_rejected(ids)):
            if is_same_etag(etag_of_verdict(row["verdict"]), wanted.get(row["file_id"])):
                found[row["file_id"]] = _moment(row["rejected_at"])
        in_ledgers = [each for each in chunk if each[0] in has_removals]
        for row in _all(warehouse, bookkeeping.select_landed(in_ledgers, removing)):
            if not is_same_etag(row["etag"], wanted.get(row["file_id"])):
                continue
            at, since = found.get(row["file_id"]), removed_at(row)
            found[row["file_id"]] = max(at or _moment(since), _moment(since)) if since else SETTLED
    return found


def removed_at(row: Row) -> str | None:
    """Say since when the rows of a ledger row's file are missing in landing, if they are and nobody gave them up."""
    return None if row["undone_at"] else row["removed_at"]


def _is_settled(rejected: Row, held: Mapping[str, Row]) -> bool:
    """Tell whether the file of a rejection has landed, and its rows were not removed before it; `held` are by id.

    What has landed under the id of an object without a version is another one, unless it has that one's ETag.
    """
    row = held.get(rejected["file_id"])
    if row is None or not is_same_etag(etag_of_verdict(rejected["verdict"]), row["etag"]):
        return False
    since = removed_at(row)
    return since is None or _moment(rejected["rejected_at"]) < _moment(since)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def outcomes(
    warehouse: Connection, ids_by_dataset: Mapping[str, Sequence[str]], etags: Mapping[str, str] | None = None
) -> dict[str, Outcome]:
    """Look up what landing has decided on files by id; those it has not decided on are absent.

    `etags`, by id, are of objects without a version: what became of another one that has had the same key, and so the
    same id, says nothing of them.
    """
    known, wanted = set(datasets(warehouse)), etags or {}
    found: dict[str, Outcome] = {}
    for chunk in _chunks(ids_by_dataset):
        ids = [file_id for _, of_dataset in chunk for file_id in of_dataset]
        for row in warehouse.query(bookkeeping.select_rejected(ids)):
            if is_same_etag(etag_of_verdict(row["verdict"]), wanted.get(row["file_id"])):
                found[row["file_id"]] = _rejected_outcome(row)
        for row in _all(warehouse, bookkeeping.select_landed([each for each in chunk if each[0] in known])):
            if is_same_etag(row["etag"], wanted.get(row["file_id"])):
                found[row["file_id"]] = _landed_outcome(warehouse, row)
    return found


def _all(warehouse: Connection, sqls: Iterable[str]) -> list[Row]:
    return [row for sql in sqls for row in warehouse.query(sql)]


def _landed_elsewhere(warehouse: Connection, known: Sequence[str]) -> Counter[str]:
    """Count files that one dataset rejected for their folder, and another has taken since, by the former."""
    rows = warehouse.query(bookkeeping.select_rejected_versions(None, Reason.AMBIGUOUS_FOLDER))
    refused: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        refused[FileVersion(row["bucket"], row["key"], row["version_id"]).file_id].append(row)
    found: Counter[str] = Counter()
    for name in known:
        of_others = [file_id for file_id, each in refused.items() if any(row["dataset"] != name for row in each)]
        for row in _in_ledgers(warehouse, [name], of_others):
            said = [each for each in refused[row["file_id"]] if is_same_etag(each["etag"], row["etag"])]
            found.update({each["dataset"] for each in said if each["dataset"] != name})
    return found


def _in_ledgers(
    warehouse: Connection, names: Sequence[str], ids: Iterable[str], removing: Set[str] = frozenset()
) -> list[Row]:
    """Return the rows that some ledgers have of files by id."""
    asked = sorted(ids)
    parts = [asked[start : start + IDS_A_STATEMENT] for start in range(0, len(asked), IDS_A_STATEMENT)]
    sqls = [sql for part in parts for sql in bookkeeping.select_landed([(name, part) for name in names], removing)]
    return _all(warehouse, sqls)


def _chunks(ids_by_dataset: Mapping[str, Sequence[str]]) -> Iterator[list[tuple[str, Sequence[str]]]]:
    """Group (dataset, ids) pairs so that a group has at most IDS_A_STATEMENT ids, and a dataset once."""
    group: list[tuple[str, Sequence[str]]] = []
    for dataset, ids in ids_by_dataset.items():
        for start in range(0, len(ids), IDS_A_STATEMENT):
            part = ids[start : start + IDS_A_STATEMENT]
            if group and sum(len(each) for _, each in group) + len(part) > IDS_A_STATEMENT:
                yield group
                group = []
            group.append((dataset, part))
    if group:
        yield group


def _totals(dataset: str, landed: Row, files_rejected: int) -> DatasetTotals:
    return DatasetTotals(
        dataset=dataset,
        files_landed=int(landed.get("files", 0)),
        rows_landed=int(landed.get("row_count", 0)),
        files_rejected=files_rejected,
        last_loaded_at=iso(landed.get("last_loaded_at")),
    )


def _originals(landed: Iterable[Row]) -> dict[tuple[str, ...], list[int]]:
    """Gather, by dataset and content, the loads whose rows of it are in landing, the first one first."""
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row in landed:
        if not row["undone_at"] and row["load_path"] != SKIPPED:
            found[_content(row)].append(int(row["load_seq"]))
    return {content: sorted(loads) for content, loads in found.items()}


def _content(row: Row) -> tuple[str, ...]:
    return row["dataset"], row["etag"], str(row["size_bytes"]), place_of(row["key"])


def _landed_line(row: Row, originals: Mapping[tuple[str, ...], Sequence[int]]) -> FileLine:
    loads = originals.get(_content(row), [])
    outcome, reason = _standing(row, loads)
    return FileLine(
        source_file=f"s3://{row['bucket']}/{row['key']}",
        dataset=row["dataset"],
        outcome=outcome,
        reason=reason,
        rows=int(row["row_count"]),
        load_id=row["load_id"],
        load_seq=int(row["load_seq"]),
        load_path=row["load_path"],
        loaded_at=iso(row["loaded_at"]),
    )


def _standing(row: Row, loads: Sequence[int]) -> tuple[str, str | None]:
    """Say what a ledger row says of its file; `loads` have its bytes."""
    undone_at = iso(row["undone_at"])
    if undone_at:
        return "undone", f"undone at {undone_at}"
    if row["load_path"] == SKIPPED:
        left = "" if loads else f", which was undone since; `landfall replay {quoted(row['key'])}` lands it"
        return SKIPPED, f"same bytes as load {row['load_seq']}{left}"
    is_copy = bool(loads) and loads[0] < int(row["load_seq"])
    return "landed", f"same bytes as load {loads[0]}" if is_copy else None


def _landed_outcome(warehouse: Connection, row: Row) -> Outcome:
    if row["undone_at"]:
        version = f"{quoted(row['key'])} --version {quoted(row['version_id'])}"
        said = f"undone at {iso(row['undone_at'])}, and stays out; `landfall replay {version} --undone` lands it"
        return Outcome("undone", said, rows=0)
    if row["load_path"] != SKIPPED:
        return Outcome("landed", rows=int(row["row_count"]))
    originals = warehouse.query(bookkeeping.select_originals(row["dataset"], row["file_id"]))
    loads = [int(each["load_seq"]) for each in originals if not each["undone_at"]]
    return Outcome(SKIPPED, _standing(row, loads)[1], rows=0)


def _rejected_line(row: Row, is_settled: bool) -> FileLine:
    return FileLine(
        source_file=f"s3://{row['bucket']}/{row['key']}",
        dataset=row["dataset"],
        outcome="resolved" if is_settled else "rejected",
        reason=f"{row['reason']}: {row['detail']}",
        rows=None,
        load_id=None,
        load_seq=None,
        load_path=None,
        loaded_at=iso(row["rejected_at"]),
        verdict=json.loads(row["verdict"]),
    )


def _rejected_outcome(row: Row) -> Outcome:
    return Outcome("rejected", reason=f"{row['reason']}: {row['detail']}", verdict=json.loads(row["verdict"]))
