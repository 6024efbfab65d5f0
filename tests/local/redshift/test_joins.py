"""Joins that merge columns, one behind the other: each key comes once, and first.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_FROM_clause30.html
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from tests.local.redshift.support import Client

KEYS = {"one": [1, 2, 3], "two": [1, 2, 4], "three": [2, 4, 5], "four": [1, 2, 5]}
TYPES = {"one": "int", "two": "int", "three": "bigint", "four": "int"}
KINDS = ("join", "left join", "full join")
JOINS = [*product(KINDS, repeat=2), *(("full join",) * 2 + (kind,) for kind in KINDS), ("join", "left join", "join")]


@pytest.fixture
def tables(client: Client) -> Client:
    """Tables of one key column (`one`) and of two (`one_by_day`), each with a column of its own."""
    for name, keys in KEYS.items():
        rows = ", ".join(f"({key}, '{name} {key}')" for key in keys)
        by_day = ", ".join(f"({key}, {key + 10}, '{name} {key}')" for key in keys)
        client.run(
            f"create table {name} (id {TYPES[name]}, of_{name} varchar(9))", f"insert into {name} values {rows}",
            f"create table {name}_by_day (id {TYPES[name]}, day int, of_{name} varchar(9))",
            f"insert into {name}_by_day values {by_day}",
        )  # fmt: skip
    return client


def joined(kinds: tuple[str, ...]) -> dict[int, tuple[Any, ...]]:
    """Join the tables by hand; return the columns of their own by key."""
    (first, keys), *others = KEYS.items()
    found: dict[int, tuple[Any, ...]] = {key: (f"{first} {key}",) for key in keys}
    for width, (kind, (name, keys)) in enumerate(zip(kinds, others, strict=False), 1):
        kept = {"join": set(found) & set(keys), "left join": set(found), "full join": set(found) | set(keys)}[kind]
        beside = {key: f"{name} {key}" if key in keys else None for key in kept}
        found = {key: (*found.get(key, (None,) * width), beside[key]) for key in kept}
    return found


@pytest.mark.parametrize("kinds", JOINS, ids=", ".join)
def test_joins_on_the_same_key_follow_each_other(tables: Client, kinds: tuple[str, ...]) -> None:
    first, *others = list(KEYS)[: len(kinds) + 1]
    expected = joined(kinds)
    own = ", ".join(f"of_{name}" for name in (first, *others))
    for suffix, keys in (("", "id"), ("_by_day", "id, day")):
        found = [(key, *((key + 10,) if suffix else ()), *values) for key, values in sorted(expected.items())]
        for source in (
            " ".join(
                [
                    first + suffix,
                    *(f"{kind} {name}{suffix} using ({keys})" for kind, name in zip(kinds, others, strict=True)),
                ]
            ),
            " ".join(
                [first + suffix, *(f"natural {kind} {name}{suffix}" for kind, name in zip(kinds, others, strict=True))]
            ),
        ):
            assert tables.run(f"select * from {source} order by id") == found, source
            assert tables.run(f"select {keys}, {own} from {source} order by {keys}") == found, source
            assert tables.run(f"select * from (select * from {source}) as s order by id") == found, source


def test_a_join_inside_another_merges_the_same_key(tables: Client) -> None:
    source = "one left join (two join three using (id)) using (id)"
    found = [(1, "one 1", None, None), (2, "one 2", "two 2", "three 2"), (3, "one 3", None, None)]
    assert tables.run(f"select * from {source} order by id") == found
    assert tables.run(f"select id, one.id, two.id, three.id from {source} where two.id is not null") == [(2, 2, 2, 2)]


def test_a_later_join_merges_another_key(tables: Client) -> None:
    tables.run("create table named (of_one varchar(9), called int)", "insert into named values ('one 2', 7)")
    assert tables.run("select * from one join two using (id) join named using (of_one)") == [("one 2", 2, "two 2", 7)]
