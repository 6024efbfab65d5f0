"""OPERATE: files as landing reads them. In: local paths or keys. Out: what each says of itself; a text's values too."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ingest_lambda.arrive.routing import Format
from ingest_lambda.bucket.refusals import empty_object
from ingest_lambda.clock import Clock
from ingest_lambda.errors import ConfigError
from ingest_lambda.file_version import UNVERSIONED, FileVersion
from ingest_lambda.judge.plan import PlannedFile
from ingest_lambda.read.content import content_of
from ingest_lambda.read.dialects import Declared
from ingest_lambda.read.footer import TAIL_BYTES, Inspected, footer_bytes, parse_footer
from ingest_lambda.read.formats import describe, kind_of
from ingest_lambda.rewrite.rewrite import Source, converted_batches
from ingest_lambda.warehouse.statements import Column

if TYPE_CHECKING:
    from landfall.stack import Stack

LOCAL = "local"  # stands for the bucket of a file that is in none yet


def local_version(path: Path, key: str) -> FileVersion:
    """Say which version of which object a local file would be."""
    return FileVersion(LOCAL, key, str(path.resolve()), size=path.stat().st_size)


def newest_version(stack: "Stack", bucket: str, key: str) -> FileVersion:
    """Find the version of an object that is there now.

    Raises:
        ConfigError: there is no such object.
    """
    from botocore.exceptions import ClientError

    try:
        head = stack.s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey"}:
            raise ConfigError(f"{key} is neither a local path nor an object of {bucket}") from error
        raise
    etag = head["ETag"].strip('"')
    return FileVersion(bucket, key, head.get("VersionId", UNVERSIONED), etag, head["ContentLength"])


def inspect_local(path: Path, file: FileVersion, declared: Declared) -> Inspected:
    """Read a local file as the function reads an object: of parquet its footer, of a text the names of its columns.

    Raises:
        RejectedFileError: it cannot be read.
    """
    size, modified_at = path.stat().st_size, datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if kind_of(file.key) is not Format.PARQUET:
        if size == 0:
            raise empty_object()
        footer, facts = describe(file.key, path, declared)
        return Inspected(file, footer, size, LOCAL, modified_at, text=facts)
    tail = _tail(path, size, TAIL_BYTES)
    needed = footer_bytes(tail, size)
    if needed > len(tail):
        tail = _tail(path, size, needed)
    return Inspected(file, parse_footer(tail, size), size, LOCAL, modified_at)


@dataclass(frozen=True)
class TextRead:
    """What reading a text has shown: its number of rows, and what its timestamps are."""

    rows: int
    clocks: frozenset[tuple[str, Clock]]


def read_text(planned: PlannedFile, columns: Sequence[Column], stack: "Stack | None") -> TextRead:
    """Read a text to its end as a load into `columns` would.

    Raises:
        RejectedFileError: it cannot be read, or no column holds a value of it.
    """
    source = Source(planned.inspected, 0, planned.names, planned.path)
    rows, clocks = 0, set[tuple[str, Clock]]()
    with _content(planned.inspected, stack) as content:
        for arrays, noticed in converted_batches(source, content, columns):
            rows += len(arrays[0])
            clocks |= noticed.clocks
    return TextRead(rows, frozenset(clocks))


@contextmanager
def _content(inspected: Inspected, stack: "Stack | None") -> Iterator[bytes | Path]:
    if inspected.file.bucket == LOCAL or stack is None:
        yield Path(inspected.file.version_id)
        return
    with content_of(stack.s3, inspected) as content:
        yield content


def _tail(path: Path, size: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, size - length))
        return file.read()
