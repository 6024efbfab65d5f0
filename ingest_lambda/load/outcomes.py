"""LAND: what became of a file. Every file version of an invocation ends as exactly one `FileOutcome`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ingest_lambda.errors import FileGoneError, RejectedFileError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.plan import ColumnChange
from ingest_lambda.judge.verdict import Verdict, verdict_of
from ingest_lambda.reasons import ETAG, Reason


class Status(StrEnum):
    """The ends that a file can meet in an invocation."""

    LANDED = "landed"
    DUPLICATE = "duplicate"  # the ledger holds this version
    SKIPPED = "skipped"  # its bytes have landed, and its dataset declares that once is enough
    GONE = "gone"  # that version exists no more
    IGNORED = "ignored"  # no data file
    REJECTED = "rejected"  # the producer's problem: acknowledged, with a verdict
    RETRIED = "retried"  # comes back, and is dead-lettered in the end


@dataclass(frozen=True)
class FileOutcome:
    """The end of one file version. `rows` were landed, `size` is in bytes, `reason` is for people and machines.

    `cut`: columns whose nanoseconds were cut to microseconds. `schema_changes`: what the file's load did to landing.
    `is_first`: that load made the dataset's table.
    """

    file: FileVersion
    status: Status
    dataset: str | None = None
    reason: str | None = None
    rows: int | None = None
    size: int | None = None
    load_id: str | None = None
    load_seq: int | None = None
    load_path: str | None = None
    verdict: Verdict | None = None
    cut: tuple[str, ...] = ()
    schema_changes: tuple[ColumnChange, ...] = ()
    is_first: bool = False


@dataclass(frozen=True)
class AddedAhead:
    """Columns that an empty landing table got for a load which has then landed nothing."""

    dataset: str
    load_id: str
    changes: tuple[ColumnChange, ...]


def unloaded_outcome(file: FileVersion, dataset: str, error: RejectedFileError | FileGoneError) -> FileOutcome:
    """Say why a file is not loaded."""
    if isinstance(error, FileGoneError):
        return FileOutcome(file, Status.GONE, dataset, str(error))
    return rejection_outcome(file, dataset, error)


def rejection_outcome(file: FileVersion, dataset: str, error: RejectedFileError) -> FileOutcome:
    """Turn a rejection into the file's outcome, verdict included."""
    return FileOutcome(
        file,
        Status.REJECTED,
        dataset,
        reason=error.reason,
        size=file.size,
        verdict=verdict_of(error, file, dataset),
    )


def overwritten(load_seq: int | str, held: str, etag: str) -> RejectedFileError:
    """Refuse an object that has taken the place of one that the ledger holds: without versions both are one file.

    `held` is the ETag that came with that load, `etag` the object's own.

    An object that is copied onto itself, as for another key or storage class, may have another ETag as well:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    return RejectedFileError(
        Reason.OVERWRITTEN,
        f"the object that this key had at load {load_seq} had another ETag, and the bucket keeps no versions: "
        "to the ledger both are one file, and of this one no row has landed; where it is the same one, copied onto "
        "itself, nothing is missing",
        found=f"{ETAG}{etag}",
        expected=f"{ETAG}{held}",
    )
