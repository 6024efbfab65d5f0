"""LAND: by how many statements a load may change landing.

In: what the load does beside that, how many columns it adds and retypes. Out: numbers of statements. Pure.
"""

from __future__ import annotations

from ingest_lambda.judge.contracts import Contract
from ingest_lambda.warehouse import copies, removals
from ingest_lambda.warehouse.statements import MAX_STATEMENTS

# A transaction has 40 statements: lock, check of the types, record of the changes, counter, rows, ledger, outcomes,
# drop; the rest is for changes of the table, but for what the dataset's contract adds.
FIXED_STATEMENTS = 8
FREE_STATEMENTS = MAX_STATEMENTS - FIXED_STATEMENTS


def statements_of(new: int, widened: int, retyped: int = 0) -> int:
    """Count the statements that change landing.

    One a new column; three a wider one, and one for all of those; two a retyped one, and one for all of those.
    """
    return new + 3 * widened + (1 if widened else 0) + 2 * retyped + (1 if retyped else 0)


def free_statements(contract: Contract, *, restores: bool = False) -> int:
    """Count the statements that a load of a dataset may change landing by; `restores`: it brings removed rows back.

    >>> free_statements(Contract()), free_statements(Contract(skips_copies=True))
    (32, 30)
    """
    own = (copies.STATEMENTS if contract.skips_copies else 0) + (1 if contract.lists_each_file else 0)
    return FREE_STATEMENTS - own - (removals.STATEMENTS if restores else 0)
