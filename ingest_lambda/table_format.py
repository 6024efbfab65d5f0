"""LAND: table formats, whose files are no rows to be appended.

Delta Lake, Hudi and Iceberg keep a table as data files and a log that says which of them count: a compaction writes
rows again, a delete is another file or a line of the log. Landed file by file, rows would come twice and deleted ones
would come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ingest_lambda.file_version import FileVersion


class TableFormat(StrEnum):
    """The formats that are known; the values are what they are called."""

    DELTA = "Delta Lake"
    HUDI = "Hudi"
    ICEBERG = "Iceberg"


@dataclass(frozen=True)
class OwnedFolder:
    """A folder that a table format owns: `log_key` is the object of its log that told so. `prefix` ends with `/`."""

    dataset: str
    bucket: str
    prefix: str
    format: TableFormat
    log_key: str

    @property
    def place(self) -> tuple[str, str]:
        """Tell it from others: bucket and prefix."""
        return self.bucket, self.prefix

    def holds(self, file: FileVersion) -> bool:
        """Tell whether a file lies in it."""
        return file.bucket == self.bucket and file.key.startswith(self.prefix)
