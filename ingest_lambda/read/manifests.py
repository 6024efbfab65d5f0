"""LAND, read: the list of files that a manifest is, as UNLOAD writes it and COPY reads it.

In: the bytes of a manifest. Out: the objects that it lists. Pure.
https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.reasons import Reason

MAX_BYTES = 8 * 1024**2  # parsed, some 160 MB of the function's memory
MAX_ENTRIES = 50_000  # of which the list is a few transactions


@dataclass(frozen=True)
class Entry:
    """An object that a manifest lists: its key, and its size in bytes where the manifest says that."""

    key: str
    size: int | None = None


def parse_manifest(body: bytes, bucket: str) -> list[Entry]:
    """Read a manifest of objects of one bucket; an object that it lists twice is one.

    >>> body = b'{"entries": [{"url": "s3://b/raw/x/0000_part_00.parquet", "meta": {"content_length": 12}}]}'
    >>> parse_manifest(body, "b")
    [Entry(key='raw/x/0000_part_00.parquet', size=12)]

    Raises:
        RejectedFileError: it is no such list.
    """
    try:
        entries = json.loads(body)["entries"]
        if not isinstance(entries, list):
            raise unreadable(f"its entries are {type(entries).__name__}, not a list")
        if len(entries) > MAX_ENTRIES:
            raise unreadable(f"it lists {len(entries)} files", expected=f"at most {MAX_ENTRIES}")
        listed = [(entry["url"], _size(entry)) for entry in entries]
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise unreadable(f"it is no list of files: {type(error).__name__}: {error}") from error
    below = f"s3://{bucket}/"
    for url, _ in listed:
        if not isinstance(url, str) or not url.startswith(below):
            raise unreadable(f"it lists {url!r}", expected=f"an object below {below}")
    return list({url: Entry(url.removeprefix(below), size) for url, size in listed}.values())


def unreadable(detail: str, *, expected: str = '{"entries": [{"url": "s3://..."}]}') -> RejectedFileError:
    """Word the rejection of a manifest that cannot be followed."""
    return RejectedFileError(Reason.INVALID_MANIFEST, detail, expected=expected)


def _size(entry: dict[str, Any]) -> int | None:
    size = entry.get("meta", {}).get("content_length")
    return None if size is None else int(size)
