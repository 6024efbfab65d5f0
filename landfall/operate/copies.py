"""OPERATE: content that has landed before. In: files, landed or to land. Out: what is said of those that are copies.

S3's ETag of an object is the MD5 of its bytes where it is neither encrypted by KMS nor uploaded in parts; of parts it
is the same for the same parts. So what is said is true, and of a copy that was encrypted or cut otherwise nothing is.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
"""

from collections.abc import Iterable, Mapping, Sequence

from ingest_lambda.legible import quoted
from ingest_lambda.read.footer import Inspected
from ingest_lambda.warehouse.client import Connection
from ingest_lambda.warehouse.copies import place_of
from landfall.operate.files import IDS_A_STATEMENT
from landfall.operate.statements import bookkeeping


def lines(warehouse: Connection, ids_by_dataset: Mapping[str, Sequence[str]]) -> list[str]:
    """Say which of the landed files have the same bytes as one that landed before and was not undone.

    Of each dataset the first 500 files are looked at.

    Raises:
        TransientError, ConfigError: the warehouse does not answer, or denies access.
    """
    told = []
    for dataset, ids in ids_by_dataset.items():
        for row in warehouse.query(bookkeeping.select_copies(dataset, ids[:IDS_A_STATEMENT])):
            told.append(
                f"{row['key']}: same bytes as load {row['load_seq']} of {dataset}; it lands again because each version "
                f"does (`landfall undo {quoted(row['key'])}` takes its rows out)"
            )
    return told


def skipped(warehouse: Connection | None, dataset: str, files: Iterable[tuple[Inspected, str]]) -> dict[str, str]:
    """Say, by file id, which of some files would be skipped, and why.

    `files` come with their ETags, in the order in which they would land. Without a
    warehouse nothing has landed yet.
    """
    asked = list(files)
    seen = _landed(warehouse, dataset, [etag for _, etag in asked]) if warehouse else {}
    said = {}
    for inspected, etag in asked:
        content = etag, inspected.size, place_of(inspected.file.key)
        if content in seen:
            said[inspected.file.file_id] = seen[content]
        seen.setdefault(content, f"same bytes as {inspected.file.key}")
    return said


def _landed(warehouse: Connection, dataset: str, etags: Sequence[str]) -> dict[tuple[str, int, str], str]:
    """Say of the content of files in landing, by ETag, size and place, which load it came with."""
    parts = [etags[start : start + IDS_A_STATEMENT] for start in range(0, len(etags), IDS_A_STATEMENT)]
    rows = [row for part in parts for row in warehouse.query(bookkeeping.select_content(dataset, part))]
    return {
        (row["etag"], int(row["size_bytes"]), place_of(row["key"])): f"same bytes as load {row['load_seq']}"
        for row in reversed(rows)  # the first load of a content comes last, and stays
    }
