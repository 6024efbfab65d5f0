"""LAND: the verdict on a rejected file.

In: a `RejectedFileError` and the file. Out: a `Verdict`, written beside the file in quarantine, to
`ops.rejected_files` and into the alert. `docs/verdicts.md` explains every reason (a test compares the two). Pure.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.events import FileVersion

# Verdicts travel inside SQL statements, which the Data API bounds at 100 KB.
MAX_TEXT = 1_000
WITHHELD = "(withheld)"


class Reason(StrEnum):
    """Why a file was rejected."""

    EMPTY_FILE = "empty_file"
    NOT_PARQUET = "not_parquet"
    ENCRYPTED = "encrypted"
    CORRUPT_FOOTER = "corrupt_footer"
    NO_COLUMNS = "no_columns"
    TOO_MANY_COLUMNS = "too_many_columns"
    INVALID_COLUMN_NAME = "invalid_column_name"
    RESERVED_COLUMN_NAME = "reserved_column_name"
    DUPLICATE_COLUMN = "duplicate_column"
    UNSUPPORTED_TYPE = "unsupported_type"
    INCOMPATIBLE_TYPE = "incompatible_type"
    SCHEMA_FROZEN = "schema_frozen"
    TABLE_TOO_LARGE_TO_WIDEN = "table_too_large_to_widen"
    TOO_MANY_NEW_COLUMNS = "too_many_new_columns"
    OVERSIZE_VALUE = "oversize_value"
    INVALID_TEXT = "invalid_text"
    VALUE_OUT_OF_RANGE = "value_out_of_range"
    INVALID_VALUE = "invalid_value"
    DUPLICATE_MAP_KEY = "duplicate_map_key"
    UNREADABLE_DATA = "unreadable_data"
    CRASHES_READER = "crashes_reader"
    ROW_COUNT_MISMATCH = "row_count_mismatch"


REMEDIES = {
    Reason.EMPTY_FILE: "upload the file again; it has no bytes, so the writer probably died before closing it",
    Reason.NOT_PARQUET: "write the file as parquet, and close the writer: a parquet file ends with the bytes PAR1",
    Reason.ENCRYPTED: "write the file without parquet modular encryption; the bucket encrypts it at rest",
    Reason.CORRUPT_FOOTER: "write the file again, or upload it again if the transfer may have damaged it",
    Reason.NO_COLUMNS: "write at least one column",
    Reason.TOO_MANY_COLUMNS: "split the table, or shorten the column names",
    Reason.INVALID_COLUMN_NAME: "rename the column: 1 to 127 bytes of printable characters",
    Reason.RESERVED_COLUMN_NAME: "rename the column: the warehouse or the pipeline uses that name itself",
    Reason.DUPLICATE_COLUMN: "rename one of the columns: names are compared without regard to ASCII case",
    Reason.UNSUPPORTED_TYPE: "write the column in a type that docs/verdicts.md lists",
    Reason.INCOMPATIBLE_TYPE: "write the column in the type that the landing table has, or a narrower one",
    Reason.SCHEMA_FROZEN: "drop the column, or set the dataset's schema_change to evolve in its source YAML",
    Reason.TABLE_TOO_LARGE_TO_WIDEN: "landfall evolve DATASET COLUMN TYPE, then landfall replay the file",
    Reason.TOO_MANY_NEW_COLUMNS: "declare the columns in the dataset's source YAML and deploy, then replay the file",
    Reason.OVERSIZE_VALUE: "shorten the value: a string has 65535 bytes at most, a binary or nested one 1024000",
    Reason.INVALID_TEXT: "write the text as UTF-8 without NUL characters, or the column as binary",
    Reason.VALUE_OUT_OF_RANGE: "correct the value, or write the column in a type that the landing column holds",
    Reason.INVALID_VALUE: "correct the value, or declare another data_type for the column in the dataset's source YAML",
    Reason.DUPLICATE_MAP_KEY: "write each key of a map once, or the column as a list of pairs",
    Reason.UNREADABLE_DATA: "write the file again; the detail is what the reader said of it",
    Reason.CRASHES_READER: "write the file again with another writer, or a newer version of it",
    Reason.ROW_COUNT_MISMATCH: "write the file again: its footer and its data disagree",
}


@dataclass(frozen=True)
class Verdict:
    """What the producer is told: `found` and `expected` are types or values, `row` counts from 1."""

    file: str
    version_id: str
    dataset: str
    reason: Reason
    detail: str
    column: str | None
    found: str | None
    expected: str | None
    row: int | None
    remedy: str

    def without_values(self) -> Verdict:
        """Leave out the value that was found in a row: of a sensitive dataset it is nobody's to see."""
        return replace(self, found=WITHHELD) if self.row is not None else self

    def to_json(self) -> str:
        """Serialise for the object in quarantine and for `ops.rejected_files.verdict`."""
        return json.dumps(asdict(self), ensure_ascii=False)


def verdict_of(error: RejectedFileError, file: FileVersion, dataset: str) -> Verdict:
    """Turn the rejection of `file` into its verdict, with every text bounded."""
    return Verdict(
        file=file.uri,
        version_id=file.version_id,
        dataset=dataset,
        reason=error.reason,
        detail=_bounded(error.detail),
        column=_bounded(error.column) if error.column is not None else None,
        found=_bounded(error.found) if error.found is not None else None,
        expected=_bounded(error.expected) if error.expected is not None else None,
        row=error.row,
        remedy=_bounded(error.remedy or REMEDIES[error.reason]),
    )


def _bounded(text: str) -> str:
    """Cut a text that came out of a file or a server, and make its control characters visible.

    >>> _bounded("a" + chr(0) + "b")
    'a\\\\x00b'
    """
    visible = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
    return visible if len(visible) <= MAX_TEXT else visible[: MAX_TEXT - 1] + "…"
