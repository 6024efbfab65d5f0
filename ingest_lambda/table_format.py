"""LAND: table formats, whose files are no rows to be appended.

Delta Lake, Hudi and Iceberg keep a table as data files and a log that says which of them count: a compaction writes
rows again, a delete is another file or a line of the log. Landed file by file, rows would come twice and deleted ones
would come back.
"""

from __future__ import annotations

from enum import StrEnum


class TableFormat(StrEnum):
    """The formats that are known; the values are what they are called."""

    DELTA = "Delta Lake"
    HUDI = "Hudi"
    ICEBERG = "Iceberg"
