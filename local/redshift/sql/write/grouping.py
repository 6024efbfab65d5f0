"""The grouping sets that GROUPING SETS, ROLLUP and CUBE mean, and what Redshift asks of them. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_GROUP_BY_aggregation-extensions.html
"""

from __future__ import annotations

from itertools import combinations, product

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree

MOST_SETS = 64
_Set = list[tree.Expression]


def hold_grouping_sets(group: list[tree.Expression]) -> None:
    """Hold a GROUP BY with an aggregation extension to what the page says of one.

    Raises:
        RedshiftError: it has more grouping sets than Redshift takes, a constant, or a set with a column twice.
    """
    if not any(isinstance(each, tree.Grouping) for each in group):
        return
    sets: list[_Set] = [[]]
    for each in group:
        sets = [[*first, *second] for first, second in product(sets, _sets(each))]
        _hold_count(len(sets))
    for columns in sets:
        if any(column in columns[:place] for place, column in enumerate(columns)):
            raise RedshiftError("a grouping set contains a column twice")


def _sets(item: tree.Expression) -> list[_Set]:
    """Return the sets of one item of GROUP BY."""
    if not isinstance(item, tree.Grouping):
        return [_columns(item)]
    if any(isinstance(each, tree.Literal) for each in item.items):
        raise RedshiftError("constants are not supported as grouping columns of aggregation extensions")
    if item.word == "grouping sets":
        return [columns for each in item.items for columns in _sets(each)]
    levels = [_columns(each) for each in item.items]
    if item.word == "rollup":
        chosen = [tuple(levels[:count]) for count in range(len(levels), -1, -1)]
    else:
        _hold_count(2 ** len(levels))
        chosen = [some for count in range(len(levels), -1, -1) for some in combinations(levels, count)]
    return [[column for level in some for column in level] for some in chosen]


def _columns(item: tree.Expression) -> _Set:
    return item.items if isinstance(item, tree.Row) else [item]


def _hold_count(count: int) -> None:
    if count > MOST_SETS:
        raise RedshiftError(f"GROUP BY supports up to {MOST_SETS} grouping sets")
