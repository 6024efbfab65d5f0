"""Objects of S3 as temporary files, a few of them read ahead.

In: SourceFiles and an S3 client. Out: their bytes on disk, in the same order. A request takes some milliseconds
whatever it brings, so that of many small objects the wait for one at a time was most of a COPY.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError

from local.redshift.s3_clients import s3_fault
from local.redshift.s3_source import READERS, SourceFile
from local.redshift.stop import Stop

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_CHUNK = 1 << 20
_ATTEMPTS = 5  # at a body that breaks off, as many as boto3's own downloads; botocore retries requests alone


@contextmanager
def downloaded(
    client: S3Client, sources: Sequence[SourceFile], folder: Path, stop: Stop
) -> Iterator[Iterator[tuple[SourceFile, Path]]]:
    """Hold the objects in temporary files for the length of a `with`; who has read one may delete its file.

    READERS objects are read at once, and no more than those before they are asked for.

    Raises:
        RedshiftError: S3 does not give an object, told when it is the object's turn; or the statement is canceled.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix="objects-") as place, ThreadPoolExecutor(READERS) as pool:
        wanted = Stop(stop)
        try:
            yield _in_order(client, sources, Path(place), pool, wanted)
        finally:
            wanted.set()
            pool.shutdown(cancel_futures=True)  # what nobody will ask for any more


def _in_order(
    client: S3Client, sources: Sequence[SourceFile], folder: Path, pool: ThreadPoolExecutor, stop: Stop
) -> Iterator[tuple[SourceFile, Path]]:
    ahead: deque[tuple[SourceFile, Future[Path]]] = deque()
    for number, source in enumerate(sources):
        ahead.append((source, pool.submit(_download, client, source, folder / str(number), stop)))
        if len(ahead) == READERS:
            first, coming = ahead.popleft()
            yield first, coming.result()
    for source, coming in ahead:
        yield source, coming.result()


def _download(client: S3Client, source: SourceFile, path: Path, stop: Stop) -> Path:
    try:
        for left in reversed(range(_ATTEMPTS)):
            stop.hold()
            body = client.get_object(Bucket=source.bucket, Key=source.key)["Body"]
            try:
                with closing(body), path.open("wb") as output:
                    while chunk := body.read(_CHUNK):
                        stop.hold()
                        output.write(chunk)
                break
            except (HTTPClientError, IncompleteReadError):
                if not left:
                    raise
    except (BotoCoreError, ClientError) as error:
        raise s3_fault(f"{error}: {source.url}") from error
    return path
