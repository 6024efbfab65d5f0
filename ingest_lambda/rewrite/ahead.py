"""LAND: fetching small files before they are asked for.

In: the files of a load, in their order. Out: the same, each with its content, which is fetched while those before it
are rewritten. A request for a small file is nearly all waiting, and what was kept when the footers were read is 64 MiB
at most. Memory is bounded: so many bytes are fetched ahead. Large files are fetched when it is their turn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from ingest_lambda.read.content import content_of, fits_memory
from ingest_lambda.read.footer import Inspected

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BYTES_AHEAD = 32 * 1024 * 1024
FILES_AHEAD = 16


class HasFile(Protocol):
    """Something about one file."""

    @property
    def inspected(self) -> Inspected:
        """The file."""
        ...


S = TypeVar("S", bound=HasFile)
Content = AbstractContextManager[bytes | Path]


def contents(s3: S3Client, sources: Iterable[S]) -> Iterator[tuple[S, Content]]:
    """Give each source, in order, with its content as `content_of`, and entering it raises what that raises."""
    waiting: deque[tuple[S, Future[bytes | Path] | None, int]] = deque()
    ahead = 0
    pool = ThreadPoolExecutor(FILES_AHEAD)
    try:
        for source in sources:
            size = _size_to_fetch(source.inspected)
            while waiting and (ahead + size > BYTES_AHEAD or len(waiting) >= FILES_AHEAD):
                first, future, taken = waiting.popleft()
                ahead -= taken
                yield first, _content(s3, first, future)
            future = pool.submit(_fetched, s3, source.inspected) if size else None
            waiting.append((source, future, size))
            ahead += size
        while waiting:
            first, future, _ = waiting.popleft()
            yield first, _content(s3, first, future)
    finally:
        pool.shutdown(cancel_futures=True)


def _size_to_fetch(inspected: Inspected) -> int:
    """Tell how many bytes are fetched ahead: none of what is there already, or is large."""
    return inspected.size if inspected.content is None and fits_memory(inspected) else 0


def _fetched(s3: S3Client, inspected: Inspected) -> bytes | Path:
    with content_of(s3, inspected) as content:  # of a small file: its bytes, which nothing takes away again
        return content


def _content(s3: S3Client, source: HasFile, future: Future[bytes | Path] | None) -> Content:
    return content_of(s3, source.inspected) if future is None else _awaited(future)


@contextmanager
def _awaited(future: Future[bytes | Path]) -> Iterator[bytes | Path]:
    yield future.result()
