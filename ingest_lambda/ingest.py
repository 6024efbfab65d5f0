"""LAND: one invocation.

In: the messages of a batch. Out: the outcomes of their files, and which messages must come back. Per file: route,
read the footer, judge. Per dataset: few loads, an event each. Whatever happens to a file or dataset stays with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.arrive.candidates import Candidate, group_for_loading, route_files
from ingest_lambda.arrive.events import Message
from ingest_lambda.arrive.known_folders import KnownFolders
from ingest_lambda.arrive.owned import logs_by_folder
from ingest_lambda.arrive.routing import Ignored
from ingest_lambda.bucket.objects import Place
from ingest_lambda.errors import OverLimitError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.inspection import Inspection
from ingest_lambda.judge.contracts import rules_of
from ingest_lambda.judge.paths import Group, group_by_path
from ingest_lambda.load.counted import Counted
from ingest_lambda.load.loader import Loader
from ingest_lambda.load.markers import Markers
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.read.content import room_on_disk
from ingest_lambda.read.footer import Inspected
from ingest_lambda.reasons import Reason
from ingest_lambda.settings import Settings
from ingest_lambda.tell import notify
from ingest_lambda.tell.announcements import Announcements, Channels
from ingest_lambda.tell.claims import Claims
from ingest_lambda.tell.doubts import Desk, Doubts
from ingest_lambda.tell.mark import ChangeMark
from ingest_lambda.tell.quarantine import Quarantine
from ingest_lambda.tell.report import Report
from ingest_lambda.tell.waiting import ended, forget, note, waiting
from ingest_lambda.warehouse.sessions import Warehouse

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient

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
        self._inspection = Inspection(clients.s3, warehouse, loader, report)
        topic, environment = settings.failure_topic_arn, settings.environment
        channels = Channels(clients.events, settings.event_bus, clients.sns, topic, environment)
        self._announcements = Announcements(channels, warehouse, loader.contracts, report)

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
            left += forget(s3, bucket, ended(messages, outcomes), self._seconds_for_notes())
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
        self._announcements.send(landed, self._loader.take_untold())
        return [*map(_ignored, ignored), *landed, *unclaimed]

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
        faults = self._inspection.probe(dataset, files, failed_before=failed_before) if receive_count > 1 else {}
        outcomes = [fault for fault in faults.values() if isinstance(fault, FileOutcome)]
        ended = {outcome.file.file_id for outcome in outcomes}
        rest = [each for each in files if each.file.file_id not in ended]
        readable, unreadable = self._inspection.inspect(dataset, rest)
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
            return others + [self._report.tried_again(outcome.file, outcome.dataset or "", error) for outcome in told]
        return outcomes

    def _keep(self, dataset: str, rejected: list[FileOutcome], *, came_before: bool) -> list[FileOutcome]:
        """Quarantine, tell and record what was rejected; not what has landed before, whose answer was lost.

        What has taken the place of an object that has landed has its file's id, and is news.
        """
        asked = [each.file for each in rejected if each.reason is not Reason.OVERWRITTEN]
        landed = self._loader.landed(dataset, asked) if came_before and asked else {}
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
            return [self._report.tried_again(file, dataset, error) for file in files]


def _ignored(found: tuple[FileVersion, Ignored]) -> FileOutcome:
    file, routed = found
    return FileOutcome(file, Status.IGNORED, routed.dataset, routed.reason)


def _limited(inspected: Inspected, fault: FileOutcome | OverLimitError | None) -> Inspected:
    """Note of a file that this function cannot read its rows."""
    return replace(inspected, over_limit=fault) if isinstance(fault, OverLimitError) else inspected


def _must_come_back(message: Message, outcomes: Mapping[str, FileOutcome]) -> bool:
    return any(outcomes[file.file_id].status is Status.RETRIED for file in message.files)
