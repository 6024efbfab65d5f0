"""LAND: the files of a load are looked at: suspects in a process of their own, then the footer of each.

In: candidates of one dataset. Out: those that can be read, with what they say of themselves, and the outcomes of the
others. What goes wrong with one file stays with it.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest_lambda.arrive.candidates import Candidate
from ingest_lambda.arrive.routing import NOT_BY_BYTES
from ingest_lambda.errors import FileGoneError, OverLimitError, RejectedFileError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.loader import Loader
from ingest_lambda.load.outcomes import FileOutcome, Status, rejection_outcome
from ingest_lambda.read.footer import Budget, Inspected
from ingest_lambda.read.formats import inspect_any
from ingest_lambda.reasons import NO_PARQUET
from ingest_lambda.rewrite.probe import probe
from ingest_lambda.tell.report import Report
from ingest_lambda.warehouse.sessions import Warehouse

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PARALLEL_READS = 16
# A parsed footer is freed by the garbage collector alone (pyarrow ties metadata and schema in a cycle), and that does
# not see how much memory one holds: without help, thousands would pile up.
FOOTERS_AT_ONCE = 250
KEPT_BYTES = 64 * 1024**2  # of small files that are read whole with their footers, so that they are read once


@dataclass(frozen=True)
class Inspection:
    """Looks at files before anything is loaded; the warehouse tells the time that is left."""

    s3: S3Client
    warehouse: Warehouse
    loader: Loader
    report: Report

    def probe(
        self, dataset: str, files: Sequence[Candidate], *, failed_before: bool
    ) -> dict[str, FileOutcome | OverLimitError]:
        """Read files whose messages have come before in a process of their own: one may have ended this function.

        Return by file id what has met its end by that, and what only COPY may read.
        """
        started = time.monotonic()
        faults: dict[str, FileOutcome | OverLimitError] = {}
        try:
            remaining, in_time = self.warehouse.remaining_seconds, self._while_there_is_time(files)
            found = probe(self.s3, in_time, failed_before=failed_before, remaining_seconds=remaining)
            for each in files:
                fault = found[each.file.file_id]
                if isinstance(fault, OverLimitError):
                    faults[each.file.file_id] = fault
                elif isinstance(fault, RejectedFileError):
                    faults[each.file.file_id] = _unfit(each, fault)
                elif fault is not None:
                    faults[each.file.file_id] = self.report.tried_again(each.file, dataset, fault)
        except Exception as error:  # the report has the trace
            faults = {each.file.file_id: self.report.tried_again(each.file, dataset, error) for each in files}
        outcomes = [fault for fault in faults.values() if isinstance(fault, FileOutcome)]
        self.report.load(dataset, outcomes, time.monotonic() - started)
        return faults

    def inspect(self, dataset: str, files: Sequence[Candidate]) -> tuple[list[Inspected], list[FileOutcome]]:
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
        self.report.load(dataset, outcomes, time.monotonic() - started)
        return [result for result in results if isinstance(result, Inspected)], outcomes

    def _while_there_is_time(self, files: Iterable[Candidate]) -> Iterator[FileVersion]:
        for each in files:
            self.warehouse.check_time()
            yield each.file

    def _inspect_one(self, candidate: Candidate, budget: Budget) -> Inspected | FileOutcome:
        file, dataset = candidate.file, candidate.dataset
        try:
            self.warehouse.check_time()
            return inspect_any(self.s3, file, self.loader.contract(dataset).declared, budget)
        except RejectedFileError as error:
            return _unfit(candidate, error)
        except FileGoneError as error:
            return FileOutcome(file, Status.GONE, dataset, str(error))
        except Exception as error:  # one file never fails its batch; the report has the trace
            return self.report.tried_again(file, dataset, error)


def _unfit(candidate: Candidate, error: RejectedFileError) -> FileOutcome:
    """Reject a file; where its name does not say that it is parquet, and it is not, it is ignored instead."""
    if candidate.by_bytes and error.reason in NO_PARQUET:
        return FileOutcome(candidate.file, Status.IGNORED, candidate.dataset, NOT_BY_BYTES)
    return rejection_outcome(candidate.file, candidate.dataset, error)
