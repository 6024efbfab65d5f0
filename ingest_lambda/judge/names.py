"""LAND: what a column may be called.

In: the column names of a file, as the writer chose them. Out: the names that the warehouse will have, or a rejection.
Pure. Reserved words are no trouble, since every identifier is quoted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import statements
from ingest_lambda.warehouse.statements import ROW_NUMBER

# https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html
SYSTEM_COLUMNS = {"oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}
MAX_COLUMNS = 1_600 - len(statements.METADATA)


def landing_names(names: Sequence[str], *, keeps_positions: bool = False) -> list[str]:
    """Name the columns of `names` in the warehouse, in the same order: ASCII letters in lower case.

    `keeps_positions`: the landing table has a column of its own for the rows' places in their file.

    >>> landing_names(["Order", "order id"])
    ['order', 'order id']

    Raises:
        RejectedFileError: a name that no column can have, one that is taken, two that differ in case alone.
    """
    if not names:
        raise RejectedFileError(Reason.NO_COLUMNS, "the file has no columns")
    if len(names) > MAX_COLUMNS:
        raise RejectedFileError(
            Reason.TOO_MANY_COLUMNS,
            f"a landing table holds {MAX_COLUMNS} columns of a file",
            found=str(len(names)),
            expected=f"at most {MAX_COLUMNS}",
        )
    spellings: dict[str, list[str]] = defaultdict(list)
    for name in names:
        spellings[statements.fold_case(name)].append(name)
    taken = statements.METADATA | ({ROW_NUMBER} if keeps_positions else set())
    return [_landing_name(name, spellings, taken) for name in names]


def _landing_name(name: str, spellings: Mapping[str, Sequence[str]], taken: Set[str]) -> str:
    try:
        statements.identifier(name)
    except ValueError as error:
        raise RejectedFileError(Reason.INVALID_COLUMN_NAME, str(error), column=name, found=repr(name)) from error
    folded = statements.fold_case(name)
    if folded.startswith(statements.OURS):
        raise RejectedFileError(
            Reason.RESERVED_COLUMN_NAME, f"names that begin with {statements.OURS} are the pipeline's", column=name
        )
    if folded in SYSTEM_COLUMNS | taken:
        owner = "Redshift" if folded in SYSTEM_COLUMNS else "the landing table"
        raise RejectedFileError(Reason.RESERVED_COLUMN_NAME, f"{owner} has a column of this name", column=name)
    same = spellings[folded]
    if len(same) > 1:
        raise RejectedFileError(
            Reason.DUPLICATE_COLUMN,
            f"{len(same)} columns have one name in the warehouse",
            column=name,
            found=", ".join(map(repr, same)),
            expected="names that differ in more than case",
        )
    return folded
