"""LAND: one invocation.

In: the messages of a batch. Out: the outcomes of their files, and which messages must come back. Per file: route,
read the footer, judge. Per dataset: few loads, an event each. Whatever happens to a file or dataset stays with it.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.arrive import smoke
from ingest_lambda.arrive.events import Message
from ingest_lambda.arrive.known_folders import KnownFolders
from ingest_lambda.arrive.owned import logs_by_folder
from ingest_lambda.arrive.routing import NOT_BY_BYTES, Ignored, Rules, route
from ingest_lambda.bucket.objects import Place
from ingest_lambda.errors import ConfigError, FileGoneError, OverLimitError, RejectedFileError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import rules_of
from ingest_lambda.judge.paths import Group, group_by_path
from ingest_lambda.load.counted import Counted
from ingest_lambda.load.load import Loader, rejection_outcome
from ingest_lambda.load.markers import Markers
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.read.content import room_on_disk
from ingest_lambda.read.footer import Budget, Inspected
from ingest_lambda.read.formats import inspect_any
from ingest_lambda.reasons import NO_PARQUET
from ingest_lambda.rewrite.probe import probe
from ingest_lambda.settings import Settings
from ingest_lambda.tell import newcomers, notify
from ingest_lambda.tell.claims import Claims
from ingest_lambda.tell.doubts import Desk, Doubts
from ingest_lambda.tell.mark import ChangeMark
from ingest_lambda.tell.quarantine import Quarantine
from ingest_lambda.tell.report import Report
from ingest_lambda.tell.waiting import forget, gone, note, waiting
from ingest_lambda.warehouse.catalog import landed_datasets
from ingest_lambda.warehouse.client import Warehouse

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient

PARALLEL_READS = 16
# A parsed footer is freed by the garbage collector alone (pyarrow ties metadata and schema in a cycle), and that does
# not see how much memory one holds: without help, thousands would pile up.
FOOTERS_AT_ONCE = 250
KEPT_BYTES = 64 * 1024**2  # of small files that are read whole with their footers, so that they are read once
# How many files of a dataset are loaded together, by how often their messages have come; alone after that.
FILES_TOGETHER = {1: 10_000, 2: 100, 3: 10}
SECONDS_FOR_NOTES = 5.0  # of those that an invocation has after its last statement (runtime.RESERVED_SECONDS)
LOADS_LEFT_TO_COPY = 2  # deliveries after which the function reads every file itself

LetGo = Callable[[Sequence[Message]], None]


@dataclass(frozen=True)
class Clients:
    """The AWS clients of the stage, made once."""

    s3: S3Client
    events: EventBridgeClient
    sns: SNSClient
    dynamodb: DynamoDBClient


@dataclass(frozen=True)
class Candidate:
    """A data file of a dataset, or a marker, and how often its message has come; the rest as its route says."""

    file: FileVersion
    dataset: str
    receive_count: int = 1
    folder: str | None = None
    by_bytes: bool = False
    is_marker: bool = False


class Ingest:
    """Handles batches of messages; kept while the function is warm."""

    def __init__(
        self, settings: Settings, clients: Clients, warehouse: Warehouse, loader: Loader, report: Report
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._warehouse = warehouse
        self._loader = loader
        self._report = report
        self._mark = ChangeMark(clients.dynamodb, settings.lease_table)
        self._rules = rules_of(loader.contracts, settings.route_pattern)
        place = Place(settings.bucket, settings.copy_role_arn)
        self._quarantine = Quarantine(clients.s3, warehouse, place, self._tell)
        self._markers = Markers(clients.s3, warehouse, loader.contracts, self._rules)
        self._counted = Counted(clients.s3, warehouse, loader.contracts, self._rules)
        self._claims = Claims(clients.sns, settings.failure_topic_arn, settings.environment, loader.owned)
        desk = Desk(clients.s3, clients.sns, settings.bucket, settings.failure_topic_arn, settings.environment)
        self._known_folders = KnownFolders(warehouse, self._rules)
        self._doubts = Doubts(self._known_folders, loader.owned, desk, report)

    def handle(self, messages: Sequence[Message], let_go: LetGo | None = None) -> list[Message]:
        """Bring every file to its end; return the messages that must come back.

        `let_go` is told of them as soon as they are known: what landed is to be acknowledged, whatever is slow after.
        """
        outcomes = {outcome.file.file_id: outcome for outcome in self._outcomes(messages)}
        for outcome in outcomes.values():
            self._report.file(outcome)
        self._report.retried(outcomes.values())
        for message in messages:
            if message.malformed:
                self._report.malformed(message)
        failed = [message for message in messages if message.malformed or _must_come_back(message, outcomes)]
        if let_go:
            let_go(failed)
        self._note_waiting(messages, outcomes)
        return failed

    def _note_waiting(self, messages: Sequence[Message], outcomes: Mapping[str, FileOutcome]) -> None:
        """Let the operator see what is tried again and again, with the words of the last error."""
        sensitive = {dataset: contract.sensitive for dataset, contract in self._loader.contracts.items()}
        try:
            s3, bucket = self._clients.s3, self._settings.bucket
            left = note(s3, bucket, waiting(messages, outcomes, sensitive), self._seconds_for_notes())
            left += forget(s3, bucket, gone(messages, outcomes), self._seconds_for_notes())
            if left:
                self._report.lost("note of what waits", TimeoutError(f"no time for {left} of them"))
        except (ClientError, BotoCoreError) as error:  # the log has it too
            self._report.lost("note of what waits", error)

    def _seconds_for_notes(self) -> float:
        return self._warehouse.remaining_seconds() + SECONDS_FOR_NOTES

    def _outcomes(self, messages: Sequence[Message]) -> list[FileOutcome]:
        unclaimed = self._claim_folders(messages)
        candidates, ignored = route_files(messages, self._rules)
        landed: list[FileOutcome] = []
        for group in group_for_loading(each for each in candidates if not each.is_marker):
            landed += self._land(group[0].dataset, group, group[0].receive_count)
        for each in candidates:
            if each.is_marker:
                landed += self._land_marker(each)
        self._announce(landed)
        return ignored + landed + unclaimed

    def _claim_folders(self, messages: Iterable[Message]) -> list[FileOutcome]:
        """Record the folders of tables whose logs have come; return the logs that could not be, to be tried again."""
        outcomes: list[FileOutcome] = []
        files = (file for message in messages for file in message.files)
        for folder, logs in logs_by_folder(files, self._rules).items():
            outcomes += self._guarded(folder.dataset, logs, partial(self._claims.take, folder))
        return outcomes

    def _land(self, dataset: str, files: Sequence[Candidate], receive_count: int) -> list[FileOutcome]:
        """Land files of a dataset. What fails here fails for the files of one load alone, and is tried again."""
        unrecorded = self._record_snapshots(dataset, [each.file for each in files])
        if unrecorded:
            return unrecorded
        failed_before = receive_count > LOADS_LEFT_TO_COPY
        faults = self._probe(dataset, files, failed_before=failed_before) if receive_count > 1 else {}
        outcomes = [fault for fault in faults.values() if isinstance(fault, FileOutcome)]
        ended = {outcome.file.file_id for outcome in outcomes}
        readable, unreadable = self._inspect(dataset, [each for each in files if each.file.file_id not in ended])
        placed, misplaced = self._place(dataset, readable, files)
        outcomes += unreadable + misplaced
        for group in group_by_path(
            [_limited(each, faults.get(each.file.file_id)) for each in placed],
            failed_before=failed_before,
            room_on_disk=room_on_disk(),
        ):
            outcomes += self._load(dataset, group)
        return self._kept(dataset, outcomes, came_before=receive_count > 1)

    def _record_snapshots(self, dataset: str, files: Sequence[FileVersion]) -> list[FileOutcome]:
        """Write down the snapshots that files are part of, before any of them lands or is rejected."""

        def record() -> list[FileOutcome]:
            self._counted.record_snapshots(dataset, files)
            return []

        return self._guarded(dataset, files, record)

    def _kept(self, dataset: str, outcomes: list[FileOutcome], *, came_before: bool) -> list[FileOutcome]:
        """Keep what was rejected, with its verdict, and let it be tried again where that fails."""
        rejected = [self._discreet(outcome) for outcome in outcomes if outcome.status is Status.REJECTED]
        if not rejected:
            return outcomes
        keep = partial(self._keep, dataset, rejected, came_before=came_before)
        kept = self._marked(self._guarded(dataset, [outcome.file for outcome in rejected], keep))
        return [outcome for outcome in outcomes if outcome.status is not Status.REJECTED] + kept

    def _discreet(self, rejected: FileOutcome) -> FileOutcome:
        """Withhold the value that a verdict quotes, where the dataset is declared sensitive."""
        if rejected.verdict is None or not self._loader.contract(rejected.verdict.dataset).sensitive:
            return rejected
        return replace(rejected, verdict=rejected.verdict.without_values())

    def _land_marker(self, marker: Candidate) -> list[FileOutcome]:
        """Land the end of a snapshot."""
        started = time.monotonic()
        outcomes = self._marked(self._guarded(marker.dataset, [marker.file], partial(self._land_end, marker)))
        self._report.load(marker.dataset, outcomes, time.monotonic() - started)
        return self._kept(marker.dataset, outcomes, came_before=False)

    def _land_end(self, end: Candidate) -> list[FileOutcome]:
        """Land the end of a snapshot where a file would land, and where others have landed before there was a rule."""
        dataset, file, folder = end.dataset, end.file, end.folder
        if folder and not self._known_folders.has_ended(dataset, folder):
            refused = self._doubts.refuse(dataset, [file], {file.file_id: folder})
            if refused:
                return refused
        return [self._markers.land(dataset, file)]

    def _probe(
        self, dataset: str, files: Sequence[Candidate], *, failed_before: bool
    ) -> dict[str, FileOutcome | OverLimitError]:
        """Read files whose messages have come before in a process of their own: one may have ended this function.

        Return by file id what has met its end by that, and what only COPY may read.
        """
        started, s3 = time.monotonic(), self._clients.s3
        faults: dict[str, FileOutcome | OverLimitError] = {}
        try:
            remaining, in_time = self._warehouse.remaining_seconds, self._while_there_is_time(files)
            found = probe(s3, in_time, failed_before=failed_before, remaining_seconds=remaining)
            for each in files:
                fault = found[each.file.file_id]
                if isinstance(fault, OverLimitError):
                    faults[each.file.file_id] = fault
                elif isinstance(fault, RejectedFileError):
                    faults[each.file.file_id] = _unfit(each, fault)
                elif fault is not None:
                    faults[each.file.file_id] = self._retried(each.file, dataset, fault)
        except Exception as error:  # the report has the trace
            faults = {each.file.file_id: self._retried(each.file, dataset, error) for each in files}
        outcomes = [fault for fault in faults.values() if isinstance(fault, FileOutcome)]
        self._report.load(dataset, outcomes, time.monotonic() - started)
        return faults

    def _while_there_is_time(self, files: Iterable[Candidate]) -> Iterator[FileVersion]:
        for each in files:
            self._warehouse.check_time()
            yield each.file

    def _inspect(self, dataset: str, files: Sequence[Candidate]) -> tuple[list[Inspected], list[FileOutcome]]:
        """Read the footers, several at a time: the time goes into waiting for S3."""
        started = time.monotonic()
        budget = Budget(KEPT_BYTES)
        results: list[Inspected | FileOutcome] = []
        with ThreadPoolExecutor(PARALLEL_READS) as pool:
            for start in range(0, len(files), FOOTERS_AT_ONCE):
                some = files[start : start + FOOTERS_AT_ONCE]
                results += pool.map(lambda each: self._inspect_one(each, budget), some)
                if len(some) == FOOTERS_AT_ONCE:
                    gc.collect()
        outcomes = [result for result in results if isinstance(result, FileOutcome)]
        self._report.load(dataset, outcomes, time.monotonic() - started)
        return [result for result in results if isinstance(result, Inspected)], outcomes

    def _inspect_one(self, candidate: Candidate, budget: Budget) -> Inspected | FileOutcome:
        file, dataset = candidate.file, candidate.dataset
        try:
            self._warehouse.check_time()
            return inspect_any(self._clients.s3, file, self._loader.contract(dataset).declared, budget)
        except RejectedFileError as error:
            return _unfit(candidate, error)
        except FileGoneError as error:
            return FileOutcome(file, Status.GONE, dataset, str(error))
        except Exception as error:  # one file never fails its batch; the report has the trace
            return self._retried(file, dataset, error)

    def _place(
        self, dataset: str, files: list[Inspected], candidates: Sequence[Candidate]
    ) -> tuple[list[Inspected], list[FileOutcome]]:
        """Refuse files of folders that may be another table's, unless such files of the dataset have always landed.

        A table format's folders are all of one table: its files are judged by what they are.
        """
        folders = {each.file.file_id: each.folder for each in candidates if each.folder}
        doubtful = [each.file for each in files if each.file.file_id in folders and each.footer.sign is None]
        if not doubtful:
            return files, []
        outcomes = self._guarded(dataset, doubtful, lambda: self._doubts.refuse(dataset, doubtful, folders))
        ended = {outcome.file.file_id for outcome in outcomes}
        self._report.load(dataset, outcomes, 0.0)
        return [each for each in files if each.file.file_id not in ended], outcomes

    def _load(self, dataset: str, group: Group) -> list[FileOutcome]:
        started = time.monotonic()
        files = [inspected.file for inspected in group.files]
        outcomes = self._marked(self._guarded(dataset, files, lambda: self._loader.land(dataset, group)))
        self._report.load(dataset, outcomes, time.monotonic() - started)
        return outcomes

    def _marked(self, outcomes: list[FileOutcome]) -> list[FileOutcome]:
        """Set the mark where a load has landed files, before the next load, which may end this function.

        Where it cannot be set they come back, as duplicates.
        """
        told = [outcome for outcome in outcomes if outcome.status in notify.TOLD]
        if not told:
            return outcomes
        try:
            self._mark.set()
        except (ClientError, BotoCoreError) as error:
            others = [outcome for outcome in outcomes if outcome.status not in notify.TOLD]
            return others + [self._retried(outcome.file, outcome.dataset or "", error) for outcome in told]
        return outcomes

    def _keep(self, dataset: str, rejected: list[FileOutcome], *, came_before: bool) -> list[FileOutcome]:
        """Quarantine, tell and record what was rejected; not what has landed before, whose answer was lost."""
        landed = self._loader.landed(dataset, [each.file.file_id for each in rejected]) if came_before else {}
        news = [each for each in rejected if each.file.file_id not in landed]
        if news:
            self._quarantine.keep(news)
        return news + [
            FileOutcome(each.file, Status.DUPLICATE, dataset, "already landed", 0, load_id=load_id, load_seq=load_seq)
            for each in rejected
            for load_id, load_seq in [landed.get(each.file.file_id, (None, None))]
            if load_id is not None
        ]

    def _tell(self, news: Sequence[FileOutcome]) -> None:
        topic = self._settings.failure_topic_arn
        notify.send_rejected(self._clients.sns, topic, self._settings.environment, news)

    def _guarded(
        self, dataset: str, files: Sequence[FileVersion], work: Callable[[], list[FileOutcome]]
    ) -> list[FileOutcome]:
        try:
            return work()
        except Exception as error:  # one dataset never fails the batch; the report has the trace
            return [self._retried(file, dataset, error) for file in files]

    def _retried(self, file: FileVersion, dataset: str, error: Exception) -> FileOutcome:
        self._report.failure(file, dataset, error)
        return FileOutcome(file, Status.RETRIED, dataset, f"{type(error).__name__}: {error}")

    def _announce(self, outcomes: Sequence[FileOutcome]) -> None:
        """Tell what landed, what it did to landing's columns, and which dataset a typo may have made."""
        outcomes = [outcome for outcome in outcomes if outcome.dataset != smoke.DATASET]
        details = notify.landed_details(outcomes, self._settings.environment)
        try:
            refused = notify.send_landed(self._clients.events, self._settings.event_bus, details)
            if refused:
                self._report.lost("event", RuntimeError(f"the bus refused {refused} events"))
        except (ClientError, BotoCoreError) as error:
            self._report.lost("event", error)
        try:
            topic = self._settings.failure_topic_arn
            notify.send_schema_changes(self._clients.sns, topic, self._settings.environment, details)
            self._announce_newcomers(outcomes)
        except (ClientError, BotoCoreError) as error:  # the rows are in landing, and the event says it too
            self._report.lost("announcement", error)

    def _announce_newcomers(self, outcomes: Iterable[FileOutcome]) -> None:
        """Tell of new datasets; the warehouse is asked only where one has come that is not declared."""
        declared = self._loader.contracts
        first = newcomers.first_files(outcomes, declared)
        if not first:
            return
        try:
            found = newcomers.newcomers(first, [*declared, *landed_datasets(self._warehouse)])
        except (TransientError, ConfigError) as error:
            self._report.lost("announcement", error)
            return
        newcomers.send(self._clients.sns, self._settings.failure_topic_arn, self._settings.environment, found)


def route_files(messages: Iterable[Message], rules: Rules) -> tuple[list[Candidate], list[FileOutcome]]:
    """Sort the files of `messages` into candidates and ignored ones, each version once."""
    candidates: dict[str, Candidate] = {}
    ignored: dict[str, FileOutcome] = {}
    for message in messages:
        for file in message.files:
            routed = route(file.key, rules)
            if isinstance(routed, Ignored):
                ignored[file.file_id] = FileOutcome(file, Status.IGNORED, routed.dataset, routed.reason)
            else:
                candidate = Candidate(
                    file, routed.dataset, message.receive_count, routed.folder, routed.by_bytes, routed.is_marker
                )
                known = candidates.get(file.file_id)
                candidates[file.file_id] = _joined(known, candidate) if known else candidate
    return list(candidates.values()), list(ignored.values())


def _joined(one: Candidate, other: Candidate) -> Candidate:
    """Make one of two announcements of a version: as suspect as that which came more often, asked for by the later."""
    latest = max((one, other), key=lambda each: each.file.event_time or datetime.min.replace(tzinfo=UTC))
    return replace(latest, receive_count=max(one.receive_count, other.receive_count))


def group_for_loading(candidates: Iterable[Candidate]) -> list[list[Candidate]]:
    """Group by dataset, and what has come before in ever smaller groups: new files first, then suspects.

    A file that makes a load fail again and again, for a reason that nobody foresaw, so takes ever fewer others with it,
    and none from its fourth delivery on; while a batch that came back for an outage is not loaded one by one.
    """
    by_delivery: dict[tuple[int, str], list[Candidate]] = {}
    for candidate in candidates:
        by_delivery.setdefault((candidate.receive_count, candidate.dataset), []).append(candidate)
    groups: list[list[Candidate]] = []
    for (receive_count, _), group in sorted(by_delivery.items(), key=lambda item: item[0]):
        size = FILES_TOGETHER.get(receive_count, 1)
        groups += [group[start : start + size] for start in range(0, len(group), size)]
    return groups


def _limited(inspected: Inspected, fault: FileOutcome | OverLimitError | None) -> Inspected:
    """Note of a file that this function cannot read its rows."""
    return replace(inspected, over_limit=fault) if isinstance(fault, OverLimitError) else inspected


def _unfit(candidate: Candidate, error: RejectedFileError) -> FileOutcome:
    """Reject a file; where its name does not say that it is parquet, and it is not, it is ignored instead."""
    if candidate.by_bytes and error.reason in NO_PARQUET:
        return FileOutcome(candidate.file, Status.IGNORED, candidate.dataset, NOT_BY_BYTES)
    return rejection_outcome(candidate.file, candidate.dataset, error)


def _must_come_back(message: Message, outcomes: Mapping[str, FileOutcome]) -> bool:
    return any(outcomes[file.file_id].status is Status.RETRIED for file in message.files)
