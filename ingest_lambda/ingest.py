"""LAND: one invocation.

In: the messages of a batch. Out: the outcomes of their files, and which messages must come back. Per file: route,
read the footer, judge. Per dataset: one load, one event. Whatever happens to a file or dataset stays with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda import notify, quarantine
from ingest_lambda.errors import FileGoneError, RejectedFileError
from ingest_lambda.events import FileVersion, Message
from ingest_lambda.footer import Inspected, inspect
from ingest_lambda.load import Loader, rejection_outcome
from ingest_lambda.outcomes import FileOutcome, Status
from ingest_lambda.plan import MAX_FILES
from ingest_lambda.report import Report
from ingest_lambda.routing import Ignored, route
from ingest_lambda.settings import Settings
from ingest_lambda.warehouse import Warehouse

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient

PARALLEL_READS = 8


@dataclass(frozen=True)
class Clients:
    """The AWS clients of the stage, made once."""

    s3: S3Client
    events: EventBridgeClient
    sns: SNSClient


@dataclass(frozen=True)
class Candidate:
    """A data file of a dataset. `suspect`: its message has come before, so it is loaded by itself."""

    file: FileVersion
    dataset: str
    suspect: bool


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

    def handle(self, messages: Sequence[Message]) -> list[Message]:
        """Bring every file to its end; return the messages that must come back."""
        outcomes = {outcome.file.file_id: outcome for outcome in self._outcomes(messages)}
        for outcome in outcomes.values():
            self._report.file(outcome)
        for message in messages:
            if message.malformed:
                self._report.malformed(message)
        return [message for message in messages if message.malformed or _must_come_back(message, outcomes)]

    def _outcomes(self, messages: Sequence[Message]) -> list[FileOutcome]:
        candidates, ignored = route_files(messages, self._settings.route_pattern)
        landed: list[FileOutcome] = []
        for (dataset, _), group in group_for_loading(candidates).items():
            started = time.monotonic()
            outcomes = self._land(dataset, [candidate.file for candidate in group])
            self._report.load(dataset, outcomes, time.monotonic() - started)
            landed += outcomes
        self._announce(landed)
        return ignored + landed

    def _land(self, dataset: str, files: Sequence[FileVersion]) -> list[FileOutcome]:
        """Land the files of a dataset. What fails here fails for these files alone, and is tried again."""
        readable, outcomes = self._inspect(dataset, files)
        for start in range(0, len(readable), MAX_FILES):
            outcomes += self._load(dataset, readable[start : start + MAX_FILES])
        rejected = [outcome for outcome in outcomes if outcome.status is Status.REJECTED]
        if not rejected:
            return outcomes
        kept = self._guarded(dataset, [outcome.file for outcome in rejected], lambda: self._keep(rejected))
        return [outcome for outcome in outcomes if outcome not in rejected] + kept

    def _inspect(self, dataset: str, files: Sequence[FileVersion]) -> tuple[list[Inspected], list[FileOutcome]]:
        """Read the footers, several at a time: the time goes into waiting for S3."""
        with ThreadPoolExecutor(PARALLEL_READS) as pool:
            results = list(pool.map(lambda file: self._inspect_one(dataset, file), files))
        return (
            [result for result in results if isinstance(result, Inspected)],
            [result for result in results if isinstance(result, FileOutcome)],
        )

    def _inspect_one(self, dataset: str, file: FileVersion) -> Inspected | FileOutcome:
        try:
            return inspect(self._clients.s3, file)
        except RejectedFileError as error:
            return rejection_outcome(file, dataset, error)
        except FileGoneError as error:
            return FileOutcome(file, Status.GONE, dataset, str(error))
        except Exception as error:  # one file never fails its batch; the report has the trace
            return self._retried(file, dataset, error)

    def _load(self, dataset: str, files: Sequence[Inspected]) -> list[FileOutcome]:
        return self._guarded(
            dataset, [inspected.file for inspected in files], lambda: self._loader.land(dataset, files)
        )

    def _keep(self, rejected: Sequence[FileOutcome]) -> list[FileOutcome]:
        """Quarantine and record what was rejected, and tell what is news."""
        news = quarantine.keep(self._clients.s3, self._warehouse, self._settings.bucket, rejected)
        try:
            topic = self._settings.failure_topic_arn
            notify.send_rejected(self._clients.sns, topic, self._settings.environment, news)
        except (ClientError, BotoCoreError) as error:  # recorded all the same, and counted by the metric's alarm
            self._report.lost("alert", error)
        return list(rejected)

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

    def _announce(self, outcomes: Iterable[FileOutcome]) -> None:
        details = notify.landed_details(outcomes, self._settings.environment)
        try:
            refused = notify.send_landed(self._clients.events, self._settings.event_bus, details)
            if refused:
                self._report.lost("event", RuntimeError(f"the bus refused {refused} events"))
        except (ClientError, BotoCoreError) as error:
            self._report.lost("event", error)


def route_files(messages: Iterable[Message], pattern: str | None) -> tuple[list[Candidate], list[FileOutcome]]:
    """Sort the files of `messages` into candidates and ignored ones, each version once."""
    candidates: dict[str, Candidate] = {}
    ignored: dict[str, FileOutcome] = {}
    for message in messages:
        for file in message.files:
            routed = route(file.key, pattern)
            if isinstance(routed, Ignored):
                ignored[file.file_id] = FileOutcome(file, Status.IGNORED, reason=routed.reason)
            else:
                candidates.setdefault(file.file_id, Candidate(file, routed.dataset, message.receive_count > 1))
    return list(candidates.values()), list(ignored.values())


def group_for_loading(candidates: Iterable[Candidate]) -> dict[tuple[str, str], list[Candidate]]:
    """Group by dataset; a suspect makes a group of its own, so that it can only fail itself."""
    groups: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in candidates:
        alone = candidate.file.file_id if candidate.suspect else ""
        groups.setdefault((candidate.dataset, alone), []).append(candidate)
    return groups


def _must_come_back(message: Message, outcomes: Mapping[str, FileOutcome]) -> bool:
    return any(outcomes[file.file_id].status is Status.RETRIED for file in message.files)
