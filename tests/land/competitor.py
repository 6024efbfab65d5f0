"""Somebody else at work in the warehouse: transactions of another connection, and what waits for them."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.land.warehouse import Land
from tests.local.redshift.support import Client
from tests.support.waiting import wait_for


@contextmanager
def transaction(land: Land, *statements: str) -> Iterator[Client]:
    """Begin a transaction with the statements, as the administrator; it commits at the end of the `with`."""
    client = Client(land.services.redshift)
    try:
        client.run("begin", *statements)
        yield client
        client.run("commit")
    finally:
        client.close()


def wait_until_blocked(land: Land, table: str, sessions: int = 1) -> None:
    """Wait until so many sessions wait for a lock on a table of this name, in whatever schema."""
    client = Client(land.services.redshift)
    waiting = (
        "select count(*) from pg_locks as lock inner join pg_class as class on lock.relation = class.oid "
        f"where class.relname = '{table}' and not lock.granted"
    )
    try:
        wait_for(lambda: client.value(waiting) >= sessions, f"{sessions} sessions to wait for {table}")
    finally:
        client.close()
