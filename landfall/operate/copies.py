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


def landed(warehouse: Connection, dataset: str, files: Sequence[Inspected], etags: Mapping[str, str]) -> dict[str, str]:
    """Say, by file id, which of some files have bytes that have landed, and with which load; `etags` are by file id."""
    known = _contents(warehouse, dataset, sorted(set(etags.values())))
    contents = {file.file.file_id: _content(file, etags) for file in files}
    return {file_id: known[content] for file_id, content in contents.items() if content in known}


def skipped(files: Iterable[Inspected], etags: Mapping[str, str], landed: Mapping[str, str]) -> dict[str, str]:
    """Say, by file id, which of some files would be skipped, and why.

    `files` come in the order in which they would land; `landed` says which of them have bytes that have.
    """
    said, seen = dict[str, str](), dict[tuple[str, int, str], str]()
    for file in files:
        file_id, content = file.file.file_id, _content(file, etags)
        if why := landed.get(file_id) or seen.get(content):
            said[file_id] = why
        seen.setdefault(content, f"same bytes as {file.file.key}")
    return said


def _content(file: Inspected, etags: Mapping[str, str]) -> tuple[str, int, str]:
    return etags[file.file.file_id], file.size, place_of(file.file.key)


def _contents(warehouse: Connection, dataset: str, etags: Sequence[str]) -> dict[tuple[str, int, str], str]:
    """Say of the content of files in landing, by ETag, size and place, which load it came with."""
    parts = [etags[start : start + IDS_A_STATEMENT] for start in range(0, len(etags), IDS_A_STATEMENT)]
    rows = [row for part in parts for row in warehouse.query(bookkeeping.select_content(dataset, part))]
    return {
        (row["etag"], int(row["size_bytes"]), place_of(row["key"])): f"same bytes as load {row['load_seq']}"
        for row in reversed(rows)  # the first load of a content comes last, and stays
    }
