"""MERGE ... REMOVE DUPLICATES as PostgreSQL reads it. Pure.

Rows of the target that match become the source's row, of several that match one row one is kept, and source rows that
match none are inserted; duplicates in the target that match nothing stay. Of two source rows for one target row the
documentation says nothing for this form: it is the error of the other form.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html
"""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql.scope import Scope, quote

_UNDEFINED_TABLE, _MISMATCH = "42P01", "42804"


def merge_without_duplicates(scope: Scope, target: str, source: str, on: str) -> str:
    """Return the statement.

    Args:
        scope: the two relations, the target first.
        target: the target as FROM reads it.
        source: the source as FROM reads it.
        on: what matches.

    Raises:
        RedshiftError: the columns of one are not known, or they have not the same number.
    """
    into, of = scope.sources
    if into.columns is None or of.columns is None:
        unknown = into if into.columns is None else of
        raise RedshiftError(f'relation "{".".join(unknown.name) or unknown.alias}" does not exist', _UNDEFINED_TABLE)
    if len(into.columns) != len(of.columns):
        raise RedshiftError(
            f"MERGE with REMOVE DUPLICATES needs as many columns in the source ({len(of.columns)}) as in the target "
            f"({len(into.columns)})",
            _MISMATCH,
        )
    columns = [quote(name) for name in into.columns]
    values = [f"merged.c{place}" for place in range(len(columns))]
    row, given = quote(of.label), quote(into.label)
    items = "".join(f", {row}.{quote(name)} as c{place}" for place, name in enumerate(of.columns))
    copies = (
        f"select {given}.ctid as place, row_number() over (partition by {row}.source_row order by {given}.ctid) as copy"  # noqa: S608 - of a tree
        f"{items} from (select row_number() over () as source_row, {row}.* from {source}) as {row}"
        f" left join {target} on {on}"
    )
    assigned = ", ".join(f"{name} = {value}" for name, value in zip(columns, values, strict=True))
    return (
        f"merge into {target} using ({copies}) as merged on {given}.ctid = merged.place"  # noqa: S608 - of a tree
        f" when matched and merged.copy > 1 then delete when matched then update set {assigned}"
        f" when not matched then insert ({', '.join(columns)}) values ({', '.join(values)})"
    )
