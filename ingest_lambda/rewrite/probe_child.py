"""LAND: the process that reads suspects, and may die of it.

In: lines on standard input: `footer` or `rows`, and a path; the limit of address space in bytes as argument. Out: a
line of JSON for each: the rejection, else `{}` for a file that can be read to its end, and of a footer whether COPY
reads such a file right (`{"is_for_copy": true}`). `ready` is said first. `probe` starts it.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.judge.paths import obstacle_in
from ingest_lambda.read.faults import faults_of_the_file
from ingest_lambda.read.footer import TAIL_BYTES, Footer, footer_bytes, parse_footer
from ingest_lambda.read.parquet_rows import joined_batches
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.rewrite import BatchOf, check_row_count, convert_batch, convert_stored
from ingest_lambda.warehouse.statements import Column

FOOTER, ROWS = "footer", "rows"


def read(path: Path, footer: Footer) -> None:
    """Decode a file to its end, and convert its values as a load into a table of its own types would.

    Raises:
        RejectedFileError: it cannot land.
    """
    columns = [Column(column.name, column.type) for column in footer.columns if column.type]
    names = tuple(column.name for column in footer.columns)
    rows = 0
    for rows_before, batch in joined_batches(path):
        convert_batch(batch, BatchOf(0, names, rows_before, convert_stored, footer.columns), columns)
        rows = rows_before + len(batch)
    check_row_count(rows, footer)


def read_footer(path: Path) -> Footer:
    """Read the footer of a file on disk.

    Raises:
        RejectedFileError: there is none that can be read.
    """
    size = path.stat().st_size
    if size == 0:
        raise RejectedFileError(Reason.EMPTY_FILE, "the object has no bytes", found="0 bytes")
    with path.open("rb") as file:
        file.seek(max(size - TAIL_BYTES, 0))
        tail = file.read()
        needed = footer_bytes(tail, size)
        if needed > len(tail):
            file.seek(size - needed)
            tail = file.read()
    return parse_footer(tail, size)


def answer(what: str, path: Path) -> dict[str, object]:
    """Tell what reading a file earned, as `probe` takes it."""
    footer: Footer | None = None
    try:
        with faults_of_the_file("reading the file"):
            footer = read_footer(path)
            if what == FOOTER:
                return {"is_for_copy": obstacle_in(footer) is None}
            read(path, footer)
    except RejectedFileError as error:
        facts = {"column": error.column, "found": error.found, "expected": error.expected, "row": error.row}
        return {"reason": error.reason.value, "detail": error.detail, **facts, "remedy": error.remedy}
    except MemoryError as error:
        limit = resource.getrlimit(resource.RLIMIT_AS)[0] // 1024**2
        detail = f"reading the file takes more than {limit} MB of memory: {error}"
        if footer is not None:
            return {"over_limit": detail}
        return {"reason": Reason.CRASHES_READER.value, "detail": f"its footer alone: {detail}"}
    return {}


def main() -> None:
    """Answer every path until standard input ends."""
    limit = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print("ready", flush=True)
    for line in sys.stdin:
        what, _, path = line.rstrip("\n").partition(" ")
        print(json.dumps(answer(what, Path(path))), flush=True)


if __name__ == "__main__":
    main()
