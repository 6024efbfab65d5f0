"""The locks by which the writers of one table wait for each other, as Redshift's do. Pure.

In: a statement and the names in it. Out: the table that it writes, and PostgreSQL's LOCK for it. Redshift locks tables
where PostgreSQL locks rows: who writes a table waits until no other transaction that has written it is open. Readers do
not wait, nor do writers for them
(https://docs.aws.amazon.com/redshift/latest/dg/r_Serializable_isolation_example.html). A LOCK takes no snapshot: a
statement that begins a transaction sees what those have committed that it has waited for, and does not fail
(https://docs.aws.amazon.com/redshift/latest/dg/c_write_readwrite.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from local.redshift.masking import code_of
from local.redshift.sql.scope import quote_path
from local.redshift.sql.translate import Needs

_WRITES = re.compile(r"\s*\(*\s*(?:(insert)|update|delete|merge|with)\b", re.IGNORECASE)
# What neither reads nor writes a table of users, and so takes no snapshot.
_WITHOUT_SNAPSHOT = re.compile(r"\s*(?:begin|start|lock|set|reset|show)\b", re.IGNORECASE)
_CONTROLS = re.compile(r"\s*(?:begin|start|commit|end|rollback|abort)\b", re.IGNORECASE)
# Who may not do one of these may not take PostgreSQL's lock; of LOCK, Redshift's page asks for UPDATE and DELETE too.
PRIVILEGES = "UPDATE,DELETE,TRUNCATE"


@dataclass(frozen=True)
class Claim:
    """A table, as PostgreSQL calls it, that a statement writes; and whether it only appends (INSERT, COPY)."""

    table: str
    appends: bool


def claim_of(statement: str, needed: Needs | None) -> Claim | None:
    """Return what a statement writes, None where it writes no table, or only says how one would be written.

    >>> claim_of("insert into s.t select 1", Needs((("s", "t"),), (), ("s", "t")))
    Claim(table='"s"."t"', appends=True)
    >>> claim_of("explain delete from t", Needs((("t",),), (), ("t",)))
    """
    if needed is None or not needed.target:
        return None
    match = _WRITES.match(code_of(statement))
    return Claim(quote_path(needed.target[-2:]), bool(match[1])) if match else None


def lock_statements(claims: Iterable[Claim], isolation: str) -> list[str]:
    """Return the LOCKs of claims, in their order.

    Under SNAPSHOT isolation INSERT and COPY share a first lock, and run one after the other once they write; UPDATE,
    DELETE and MERGE share with none. So a transaction that has appended, and then updates, is in a deadlock with one
    that waits to append (the last section of c_write_readwrite).

    >>> lock_statements([Claim("t", appends=True)], "snapshot")
    ['lock table t in row exclusive mode', 'lock table t in share update exclusive mode']
    >>> lock_statements([Claim("t", appends=True), Claim("u", appends=False)], "serializable")
    ['lock table t in share row exclusive mode', 'lock table u in share row exclusive mode']
    """
    modes = [
        (claim.table, mode)
        for claim in claims
        for mode in (
            ("row exclusive", "share update exclusive")
            if claim.appends and isolation == "snapshot"
            else ("share row exclusive",)
        )
    ]
    return [f"lock table {table} in {mode} mode" for table, mode in modes]


def takes_snapshot(statement: str) -> bool:
    """Tell whether a statement may take the snapshot of its transaction.

    >>> [takes_snapshot(sql) for sql in ("begin", "lock t", "select 1")]
    [False, False, True]
    """
    return not _WITHOUT_SNAPSHOT.match(code_of(statement))


def controls_transaction(statement: str) -> bool:
    """Tell whether a statement begins or ends a transaction.

    >>> controls_transaction("/* dbt */ commit"), controls_transaction("select 1")
    (True, False)
    """
    return _CONTROLS.match(code_of(statement)) is not None
