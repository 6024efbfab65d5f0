"""LAND: whether a file is its dataset's.

In: an inspected file, and what is known and declared of its dataset's columns. Out: nothing, or the rejection. A text
has no types and no signature: one in another dialect, without a line of names, or with a server's error in it, has
columns like any other, which would land as new ones beside rows of NULLs. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ingest_lambda.arrive.routing import Format
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.judge.causes import cause_in_csv, cause_in_json, has_any
from ingest_lambda.read.clues import Clues
from ingest_lambda.read.footer import Inspected
from ingest_lambda.read.formats import kind_of
from ingest_lambda.reasons import Reason


def refuse_foreign(file: Inspected, known: Sequence[str]) -> None:
    """Refuse a text file that has none of the columns that are `known` of its dataset.

    Raises:
        RejectedFileError: it has none.
    """
    names = [column.name for column in file.footer.columns]
    if file.text is None or not known or file.has_no_records or has_any(names, known):
        return
    clues, dialects = file.text.clues or Clues(""), file.text.dialects
    if kind_of(file.file.key) is Format.JSON:
        cause = cause_in_json(names, clues.below, known)
    else:
        cause = cause_in_csv(clues.head, dialects.csv, known)
    raise RejectedFileError(
        Reason.FOREIGN_FILE,
        f"none of the dataset's columns is in the file: {cause.detail}",
        found=", ".join(names),
        expected=f"some of: {', '.join(known)}",
        remedy=cause.remedy,
    )


def refuse_keyless(names: Collection[str], key: Sequence[str], file: Inspected) -> None:
    """Refuse a file that brings rows, and lacks a column of its dataset's declared key.

    `names` are those of its columns in landing.

    Raises:
        RejectedFileError: a column is missing.
    """
    missing = [column for column in key if column not in names]
    if missing and file.footer.row_count != 0:
        raise RejectedFileError(
            Reason.MISSING_KEY_COLUMN,
            f"the dataset's key is declared as {', '.join(key)}, and the file lacks {', '.join(missing)}",
            column=missing[0],
            found=", ".join(names),
            expected=", ".join(key),
        )
