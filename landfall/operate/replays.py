"""OPERATE: letting files be tried again, after a fix. In: what to try. Out: what was announced, and what was not.

Rejected files, or one file: each is announced on the landing queue as S3 would announce it. The ledger decides what
lands, so that no replay lands anything twice.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ingest_lambda.arrive.routing import Route, Rules, route
from ingest_lambda.errors import ConfigError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.reconcile import ledger as reconcile_ledger
from ingest_lambda.reconcile import listing as reconcile_listing
from ingest_lambda.reconcile.events import Cause
from ingest_lambda.reconcile.ledger import Standing
from ingest_lambda.reconcile.listing import Listed
from ingest_lambda.same_object import unversioned_etags
from ingest_lambda.warehouse import copies, removals
from ingest_lambda.warehouse.client import retry_conflicts
from ingest_lambda.warehouse.statements import ROW_NUMBER
from landfall.operate import clocks, declared, missing, objects, undos, verdicts
from landfall.operate.statements import bookkeeping, catalog, transactions

if TYPE_CHECKING:
    from landfall.stack import Stack

LOOKS_AT_ONCE = 16
FORGOTTEN_AT_ONCE = 500  # ids in a statement of at most 100 KB
SENT, LANDED, UNDONE, SKIPPED, GONE, RESTORED = "sent", "landed", "undone", "skipped", "gone", "restored"
ARCHIVED, ELSEWHERE = "archived", "elsewhere"
ANNOUNCED = {SENT, RESTORED}
UNREADABLE = {GONE, ARCHIVED}
ACTIONS = {objects.State.THERE: SENT, objects.State.OFFLINE: ARCHIVED, objects.State.GONE: GONE}
KEPT: Mapping[Standing | None, str] = {
    Standing.LANDED: LANDED,
    Standing.UNDONE: UNDONE,
    Standing.SKIPPED: SKIPPED,
}
SETTLED = {Standing.LANDED, Standing.UNDONE, Standing.SKIPPED, Standing.REMOVED}
REASONS = {
    LANDED: "its rows are in landing",
    UNDONE: "it was undone, and stays out; --undone lands the newest version of which that is so, with --version any",
    SKIPPED: "the same bytes have landed, and its dataset declares `copies: skip`",
    GONE: "that version no longer exists, or another object has taken its place",
    ARCHIVED: "it is archived, and answers no read: restore it in S3, then try again",
    ELSEWHERE: "its key is of another dataset by now, or of none: declare a prefix for it, deploy, then try again",
    RESTORED: "it was undone, and lands again as the version that it is",
}


@dataclass(frozen=True)
class End:
    """How a file that was announced has ended, as `landfall upload` words it; `outcome` is None where it has not."""

    outcome: str | None
    reason: str | None = None
    rows: int | None = None
    verdict: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Replay:
    """What became of one file: `sent` (announced), `restored` (announced, though it was undone), or why not.

    `end`: what became of it then, None where nobody has waited.
    """

    file: FileVersion
    dataset: str
    action: str
    end: End | None = None

    @property
    def awaited(self) -> FileVersion | None:
        """Return the version that is to land, None where none is; its `event_time`, if any, is that of its event."""
        return self.file if self.action in ANNOUNCED else None

    @property
    def outcome(self) -> str | None:
        """Name its end."""
        return self.end.outcome if self.end else None

    @property
    def reason(self) -> str | None:
        """Say why it did not land; or why it was not announced, or how else it lands."""
        return (self.end.reason if self.end else None) or REASONS.get(self.action)

    def to_dict(self) -> dict[str, Any]:
        """Spell the replay as its JSON face does."""
        place = {"source_file": self.file.uri, "version_id": self.file.version_id, "dataset": self.dataset or None}
        done = {"action": self.action, "outcome": self.outcome, "reason": self.reason}
        rows, verdict = (self.end.rows, self.end.verdict) if self.end else (None, None)
        return {**place, **done, "rows": rows, **verdicts.facts(verdict)}


def replay_key(
    stack: "Stack", bucket: str, key: str, version_id: str | None = None, *, undone: bool = False
) -> list[Replay]:
    """Announce the versions of an object that have not landed; with `undone`, the newest that was undone as well.

    With a `version_id` it is that version alone. What was undone is announced as the version that it was, so that it
    has its place among the others. One that was skipped is announced where its bytes are in landing no more, or its
    dataset skips none by now. Both leave the ledger first, if S3 gives them; should that be cut short they have not
    landed, and the next reconcile announces them.

    Raises:
        ConfigError: there is no such object or version, or it is no data file.
    """
    files = [listed for listed in _versions(stack, bucket, key) if version_id in (None, listed.file.version_id)]
    if not files:
        what = f"version {version_id} of " if version_id else ""
        raise ConfigError(
            f"{what}s3://{bucket}/{key} is not in the bucket, or is no data file; what is gone from there comes back "
            "by an upload alone"
        )
    looked = {each.file.file_id: each for each in _look(stack, files)}
    ids = reconcile_listing.by_dataset(each for each in files if looked[each.file.file_id].action == SENT)
    by_dataset, etags = reconcile_listing.by_dataset(files), unversioned_etags(each.file for each in files)
    look_up = partial(reconcile_ledger.standings, stack.warehouse, by_dataset)
    standings = look_up(etags)
    for dataset in ids:
        _forget_skipped(stack, dataset, [each for each in ids[dataset] if standings.get(each) is Standing.SKIPPED])
    if Standing.SKIPPED in standings.values():
        standings = look_up(etags)
    # Of a key without versions, what was undone bars whatever object has the key now.
    barred = look_up() if undone and etags else standings
    back = next((each for each in files if undone and barred.get(each.file.file_id) is Standing.UNDONE), None)
    replays = [_kept(looked[each.file.file_id], standings.get(each.file.file_id)) for each in files]
    if back is not None:
        found = looked[back.file.file_id]
        if found.action == SENT:
            found = replace(found, action=RESTORED)
            _let_back(stack, back)
        replays[files.index(back)] = found
    _announce(stack, replays, 0.0)
    return replays


def _forget_skipped(stack: "Stack", dataset: str, file_ids: Sequence[str]) -> None:
    """Take files that were skipped as copies out of the ledger, where nothing is a copy of theirs by now."""
    contracts = declared.contracts() if file_ids else {}
    skips = dataset in contracts and contracts[dataset].skips_copies
    for start in range(0, len(file_ids), FORGOTTEN_AT_ONCE):
        steps = copies.forget_copies(dataset, file_ids[start : start + FORGOTTEN_AT_ONCE], if_alone=skips)
        retry_conflicts(partial(stack.warehouse.transaction, steps))


def _let_back(stack: "Stack", listed: Listed) -> None:
    """Let a file land once more that was undone; a dataset that was dropped has no table to take rows out of."""
    has_table = undos.has_table(stack.warehouse, listed.dataset)
    steps = transactions.let_back(listed.dataset, listed.file.file_id, uuid.uuid4().hex, has_table=has_table)
    retry_conflicts(partial(stack.warehouse.transaction, steps))


def replay_rejected(
    stack: "Stack",
    dataset: str | None,
    reason: str | None,
    rate: float,
    watch: Callable[[int], None] = lambda _: None,
) -> list[Replay]:
    """Announce the rejected files, of one dataset or reason or of all; those that have landed since are left out.

    One whose rows have left landing, being old, is among them where it was rejected since: it has not come back.
    """
    rows = stack.warehouse.query(bookkeeping.select_rejected_versions(dataset, reason))
    rules = declared.rules(stack.route_pattern)
    files = list(
        {
            (file.file_id, file.etag): Listed(file, _dataset_now(row, rules))
            for row in rows
            for file in [FileVersion(row["bucket"], row["key"], row["version_id"], row["etag"] or "")]
        }.values()
    )
    standings = reconcile_ledger.standings_of(stack.warehouse, [(each.dataset, each.file) for each in files])
    known = list(zip(files, standings, strict=True))
    removed = sorted({listed.dataset for listed, standing in known if standing is Standing.REMOVED})
    sqls = [removals.select_rejected(name) for name in removed]
    since = {row["file_id"] for sql in sqls for row in stack.warehouse.query(sql)}
    still = [listed for listed, standing in known if standing not in SETTLED or listed.file.file_id in since]
    replays = list(dict.fromkeys(_look(stack, still)))  # a verdict of an earlier release may be of the same object
    _announce(stack, replays, rate, watch)
    return replays


def files_without_positions(stack: "Stack", dataset: str | None = None) -> list[Listed]:
    """List what landed without the places of its rows, of the datasets (or of one) that declare changes."""
    feeds = {name for name, contract in declared.contracts().items() if contract.keeps_positions}
    with_column = {
        str(row["name"])
        for row in stack.warehouse.query(catalog.select_tables_with("landing", [ROW_NUMBER]))
        if dataset in (None, row["name"])
    }
    sqls = bookkeeping.select_files_without_positions(sorted(feeds & with_column))
    rows = [row for sql in sqls for row in stack.warehouse.query(sql)]
    return [
        Listed(FileVersion(row["bucket"], row["key"], row["version_id"], row["etag"]), row["dataset"]) for row in rows
    ]


def replay_without_positions(
    stack: "Stack", dataset: str | None, rate: float, watch: Callable[[int], None] = lambda _: None
) -> list[Replay]:
    """Land files anew that landed without the places of their rows, the same versions of them.

    They leave landing and ledger in one transaction, and are announced. Should that be cut short, they are files that
    have not landed, which the next reconcile announces. What could not come back stays as it landed: a version that no
    longer exists or is archived, and one whose key is not the dataset's by the rules of today.

    Raises:
        ConfigError: they have instants and wall clocks in one column, of which only the first to come would land again.
    """
    files, rules = files_without_positions(stack, dataset), declared.rules(stack.route_pattern)
    replays = [
        each if declared.dataset_of(each.file.key, rules) == each.dataset else replace(each, action=ELSEWHERE)
        for each in _look(stack, files)
    ]
    clocks.require_one_kind(stack, [Listed(each.file, each.dataset) for each in replays if each.action == SENT])
    kept: set[str] = set()
    for name in sorted({replay.dataset for replay in replays}):
        ids = [replay.file.file_id for replay in replays if (replay.dataset, replay.action) == (name, SENT)]
        for start in range(0, len(ids), FORGOTTEN_AT_ONCE):
            steps = transactions.forget_files(name, ids[start : start + FORGOTTEN_AT_ONCE])
            done = retry_conflicts(partial(stack.warehouse.transaction, steps))
            kept |= {row["file_id"] for row in done.rows(len(steps) - 1)}
    replays = [replace(each, action=UNDONE) if each.file.file_id in kept else each for each in replays]
    _announce(stack, replays, rate, watch)
    return replays


def _look(stack: "Stack", files: Sequence[Listed]) -> list[Replay]:
    """Ask S3 which files can be read, so that they may be announced."""
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
        found = list(pool.map(lambda each: objects.look(stack.s3, each.file), files))
    return [Replay(file, each.dataset, ACTIONS[state]) for each, (state, file) in zip(files, found, strict=True)]


def _dataset_now(row: Mapping[str, Any], rules: Rules) -> str:
    """Name the dataset that a rejected file is of by the rules of today; they may have changed because of it."""
    routed = route(row["key"], rules)
    return routed.dataset if isinstance(routed, Route) else str(row["dataset"])


def _kept(looked: Replay, standing: Standing | None) -> Replay:
    """Leave a file as it is that has landed, was undone or skipped; any other is announced, if it can be read."""
    return replace(looked, action=KEPT[standing]) if standing in KEPT else looked


def _announce(
    stack: "Stack", replays: Sequence[Replay], rate: float, watch: Callable[[int], None] = lambda _: None
) -> None:
    files = [Listed(replay.file, replay.dataset) for replay in replays if replay.action in ANNOUNCED]
    missing.send(stack, files, Cause.REPLAY, rate, watch)


def _versions(stack: "Stack", bucket: str, key: str) -> Iterable[Listed]:
    chunks = reconcile_listing.chunks(stack.s3, replace(missing.scope_of(stack, key), bucket=bucket))
    return [listed for chunk in chunks for listed in chunk.files if listed.file.key == key]
