"""LAND, read: what reading a file may raise that nobody foresaw.

In: work on a file's bytes. Out: its result, or the rejection of the file. Reading is the same at every attempt: what it
raises comes of the bytes, and would be raised for ever if it were taken for a passing fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ingest_lambda.errors import ConfigError, FileGoneError, RejectedFileError, TransientError
from ingest_lambda.reasons import Reason


@contextmanager
def faults_of_the_file(doing: str, column: str | None = None) -> Iterator[None]:
    """Reject the file for whatever is raised within, but for what memory, disk, S3 or the deployment are at fault for.

    The verdict names the kind of error, not its words: they may quote a value, which of some datasets nobody may see.

    >>> with faults_of_the_file("reading row 3"):
    ...     raise KeyError("a")
    Traceback (most recent call last):
    ingest_lambda.errors.RejectedFileError: unreadable_data: reading row 3 ends with KeyError

    Raises:
        RejectedFileError: something else was raised.
    """
    try:
        yield
    except (RejectedFileError, FileGoneError, TransientError, ConfigError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk's fault; pyarrow's own have no number
            raise
        detail = f"{doing} ends with {type(error).__name__}"
        raise RejectedFileError(Reason.UNREADABLE_DATA, detail, column=column) from error
