"""OPERATE: parts of statements: lists of literals, and one SELECT a dataset as few UNION ALLs."""

from collections.abc import Callable, Iterable, Sequence

from ingest_lambda.reconcile.ledger import packed
from ingest_lambda.warehouse.statements import DATASET_NAME, literal


def literals(values: Iterable[str]) -> str:
    """List texts as literals.

    >>> literals(["a", "it's"])
    "'a', 'it''s'"
    """
    return ", ".join(map(literal, values))


def union_all(datasets: Sequence[str], select: Callable[[str], str]) -> list[str]:
    """Join one SELECT a dataset into as few statements as the Data API's limit allows.

    Names that are no dataset's (other tables that an operator made beside them) are left out.
    """
    return list(packed([select(dataset) for dataset in datasets if DATASET_NAME.fullmatch(dataset)], " union all "))
