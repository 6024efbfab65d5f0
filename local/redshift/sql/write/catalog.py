"""The catalog's tables where Redshift's tell something else than PostgreSQL's. Pure."""

from __future__ import annotations

from local.redshift.sql import tree
from local.redshift.sql.scope import Relation, quote, quote_path

# Columns of the catalog's tables that are others on Redshift, where a materialized view is a view, or its alone.
COLUMNS: dict[tuple[str, ...], str] = {
    ("pg_attribute", "attencodingtype"): "redshift.encoding_type({0}.attrelid, {0}.attnum, {0}.atttypid)",
    ("pg_attribute", "atthasdef"): "({0}.atthasdef or {0}.attidentity <> '')",
    ("pg_attribute", "attnotnull"): (
        "({0}.attnotnull and ({0}.attidentity = '' or pg_catalog.rs_is_required({0}.attrelid, {0}.attnum)))"
    ),
    ("pg_attribute", "attisdistkey"): "redshift.is_dist_key({0}.attrelid, {0}.attnum)",
    ("pg_attribute", "attsortkeyord"): "redshift.sort_place({0}.attrelid, {0}.attnum)",
    ("pg_class", "reldiststyle"): "redshift.dist_style({0}.oid)",
    ("pg_class", "relkind"): "(case {0}.relkind when 'm' then 'v'::\"char\" else {0}.relkind end)",
}


# What Redshift's catalog does not list: the columns of late-binding views, which SVV_COLUMNS and a function tell
# (https://docs.aws.amazon.com/redshift/latest/dg/PG_GET_LATE_BINDING_VIEW_COLS.html, r_SVV_COLUMNS.html), and
# constraints of PostgreSQL's that are none of Redshift's, which has keys alone (t_Defining_constraints.html).
_LISTED = {
    "pg_attribute": "attrelid not in (select view_id from redshift.late_binding_view_id)",
    "pg_constraint": "contype in ('p', 'u', 'f')",
    "table_constraints": "constraint_type <> 'CHECK'",
}


# Views that stand for a table of the catalog (prelude/55_driver_catalog.sql).
_VIEWS = {"pg_attrdef": "redshift.attrdef", "pg_type": "redshift.type"}


def told(name: tree.Name, relation: Relation | None) -> str:
    """Return a relation by its name, or where its rows are; one of the catalog with true names of what is shortened."""
    path = quote_path(name)
    if relation is not None and relation.stored:
        stored = f'pg_temp."{relation.stored}"'
        if not relation.is_beside:
            return stored
        path = f"(select * from {path} union all select * from {stored})"  # noqa: S608 - names, quoted
        if relation.naming:
            path += " as beside"
    elif relation and relation.is_catalog:
        path = _VIEWS.get(name[-1], path)
        if listed := _LISTED.get(name[-1]):
            path = f"(select * from {path} where {listed})"  # noqa: S608 - names, quoted
            if relation.naming:
                path += " as listed"
    if relation is None or not relation.naming:
        return path
    columns = (
        f"pg_catalog.rs_true_name({quote(column)}::text) as {quote(column)}"
        if column in relation.naming
        else quote(column)
        for column in relation.columns
    )
    return f"(select {', '.join(columns)} from {path})"  # noqa: S608 - names, quoted
