"""LAND: log lines and metrics.

In: what happened. Out: one structured log line a file, and metrics by dataset and path (files, rows, bytes, rejects,
seconds) in CloudWatch's embedded format.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from ingest_lambda.arrive.events import Message
from ingest_lambda.errors import ConfigError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import FileOutcome, Status

NAMESPACE = "Landfall"
NO_PATH = "none"  # the file never got as far as a path


class Report:
    """Writes what happened to the log; metrics are log lines too."""

    def __init__(self, logger: Logger, environment: str) -> None:
        self._logger = logger
        self._environment = environment

    def file(self, outcome: FileOutcome) -> None:
        """Log the end of one file."""
        facts = {
            "file": outcome.file.uri,
            "version_id": outcome.file.version_id,
            "file_id": outcome.file.file_id,
            "event_time": outcome.file.event_time.isoformat() if outcome.file.event_time else None,
            "outcome": outcome.status.value,
            "dataset": outcome.dataset,
            "reason": outcome.reason,
            "column": outcome.verdict.column if outcome.verdict else None,
            "row": outcome.verdict.row if outcome.verdict else None,
            "detail": outcome.verdict.detail if outcome.verdict else None,
            "rows": outcome.rows,
            "bytes": outcome.size,
            "load_id": outcome.load_id,
            "load_seq": outcome.load_seq,
            "load_path": outcome.load_path,
            "cut_to_microseconds": list(outcome.cut) or None,
        }
        level = self._logger.warning if outcome.status in {Status.REJECTED, Status.RETRIED} else self._logger.info
        level("file", extra={name: value for name, value in facts.items() if value is not None})

    def malformed(self, message: Message) -> None:
        """Log a message that announces nothing in a known envelope; it comes back until it is dead-lettered."""
        facts = {"sqs_message_id": message.message_id, "reason": message.malformed}
        self._logger.error("malformed message", extra=facts)

    def failure(self, file: FileVersion, dataset: str, error: Exception) -> None:
        """Log why a file is tried again: expected of a transient error, an alarm's matter for the operator's, a bug."""
        facts = {"file": file.uri, "file_id": file.file_id, "dataset": dataset}
        if isinstance(error, TransientError):
            self._logger.warning(f"tried again: {error}", extra=facts)
        elif isinstance(error, ConfigError):
            self._logger.error(f"the operator must act: {error}", extra=facts)
        else:
            self._logger.error("bug", extra=facts, exc_info=error)

    def tried_again(self, file: FileVersion, dataset: str, error: Exception) -> FileOutcome:
        """Log why a file is tried again, and let that be its end in this invocation."""
        self.failure(file, dataset, error)
        return FileOutcome(file, Status.RETRIED, dataset, f"{type(error).__name__}: {error}")

    def lost(self, what: str, error: Exception) -> None:
        """Log that an alert or event could not be sent."""
        self._logger.error(f"{what} not sent", extra={"error": str(error)})
        with _metrics() as metrics:
            metrics.add_dimension("environment", self._environment)
            metrics.add_metric("NotificationsLost", MetricUnit.Count, 1)

    def retried(self, outcomes: Iterable[FileOutcome]) -> None:
        """Count what is tried again, whatever it failed at, for the alarm, which looks at all datasets."""
        if number := sum(outcome.status is Status.RETRIED for outcome in outcomes):
            with _metrics() as metrics:
                metrics.add_dimension("environment", self._environment)
                metrics.add_metric("FilesRetried", MetricUnit.Count, number)

    def load(self, dataset: str, outcomes: Sequence[FileOutcome], seconds: float) -> None:
        """Count a load, once a path."""
        for path, files in _by_path(outcomes).items():
            statuses = Counter(file.status for file in files)
            with _metrics() as metrics:
                metrics.add_dimension("environment", self._environment)
                metrics.add_dimension("dataset", dataset)
                metrics.add_dimension("path", path)
                metrics.add_metric("Files", MetricUnit.Count, statuses[Status.LANDED])
                metrics.add_metric("Duplicates", MetricUnit.Count, statuses[Status.DUPLICATE])
                metrics.add_metric("Rejects", MetricUnit.Count, statuses[Status.REJECTED])
                metrics.add_metric("Retries", MetricUnit.Count, statuses[Status.RETRIED])
                if skipped := statuses[Status.SKIPPED]:  # few datasets have any, and a metric costs
                    metrics.add_metric("Skipped", MetricUnit.Count, skipped)
                metrics.add_metric("Rows", MetricUnit.Count, _total(file.rows for file in files))
                metrics.add_metric("Bytes", MetricUnit.Bytes, _total(file.size for file in files))
                metrics.add_metric("Seconds", MetricUnit.Seconds, seconds)


@contextmanager
def _metrics() -> Iterator[EphemeralMetrics]:
    metrics = EphemeralMetrics(namespace=NAMESPACE)
    yield metrics
    metrics.flush_metrics()


def _by_path(outcomes: Iterable[FileOutcome]) -> dict[str, list[FileOutcome]]:
    paths: dict[str, list[FileOutcome]] = defaultdict(list)
    for outcome in outcomes:
        paths[outcome.load_path or NO_PATH].append(outcome)
    return paths


def _total(numbers: Iterable[int | None]) -> int:
    return sum(number or 0 for number in numbers)
