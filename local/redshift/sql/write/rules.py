"""Which rule writes which node of the tree; one that has no rule is refused. Data."""

from __future__ import annotations

from local.redshift.sql import tree
from local.redshift.sql.write import (
    cases,
    columns,
    joins,
    lists,
    literals,
    operators,
    pivots,
    predicates,
    queries,
    sources,
    subqueries,
)
from local.redshift.sql.write.calls import call
from local.redshift.sql.write.writer import Rules

RULES = Rules(
    expressions={
        tree.Literal: literals.write_literal,
        tree.Parameter: literals.write_parameter,
        tree.Interval: literals.write_interval,
        tree.Column: columns.write_column,
        tree.Navigation: columns.write_navigation,
        tree.Star: columns.write_star,
        tree.Unary: operators.write_unary,
        tree.Binary: operators.write_binary,
        tree.Is: predicates.write_is,
        tree.Between: predicates.write_between,
        tree.Like: predicates.write_like,
        tree.In: predicates.write_in,
        tree.Quantified: subqueries.write_quantified,
        tree.Exists: subqueries.write_exists,
        tree.Subquery: subqueries.write_subquery,
        tree.ArrayList: lists.write_array_list,
        tree.Row: lists.refuse_row,
        tree.Grouping: lists.write_grouping,
        tree.Case: cases.write_case,
        tree.Cast: cases.write_cast,
        tree.Call: call.write_call,
    },
    relations={
        tree.Table: sources.write_table,
        tree.Derived: sources.write_derived,
        tree.FunctionTable: sources.write_function_table,
        tree.UnpivotObject: sources.write_unpivot_object,
        tree.Join: joins.write_join,
        tree.Pivot: pivots.write_pivot,
        tree.Unpivot: pivots.write_unpivot,
    },
    query=queries.write_query,
)
