"""Types and lengths of literals: in tables and views made by a query, and in set operations."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import pytest

from tests.local.redshift.support import Client


def columns(client: Client, name: str) -> list[tuple[object, ...]]:
    """Return name, type, length, precision and scale of a relation's columns."""
    return client.run(
        "select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale from svv_columns "
        f"where table_name = '{name}' and table_schema = current_schema() order by ordinal_position"
    )


@pytest.mark.parametrize("kind", ["table", "view"])
def test_a_literal_has_its_own_length_and_precision(client: Client, kind: str) -> None:
    client.run(f"create {kind} r as select 'a' as s, 'é' as two, 'it''s' as q, '' as e, 1.23 as n, -1.5 as m")
    assert columns(client, "r") == [
        ("s", "character varying", 1, None, None),
        ("two", "character varying", 2, None, None),
        ("q", "character varying", 4, None, None),
        ("e", "character varying", 1, None, None),
        ("n", "numeric", None, 3, 2),
        ("m", "numeric", None, 2, 1),
    ]


def test_integers_are_of_their_size(client: Client) -> None:
    client.run("create table r as select 1 as i, 2147483648 as b, 9223372036854775808 as d")
    assert [(row[1], row[3] if row[1] == "numeric" else None) for row in columns(client, "r")] == [
        ("integer", None),
        ("bigint", None),
        ("numeric", 20),  # 19 digits, of which 64 bits keep no more than 9223372036854775807
    ]


def test_a_table_keeps_to_the_length_of_its_literal(client: Client) -> None:
    client.run("create table r as select 'abc' as s")
    client.run("insert into r values ('xyz')")
    assert client.error("insert into r values ('wxyz')")["C"] == "22001"


def test_a_cast_to_varchar_takes_the_length_of_what_is_cast(client: Client) -> None:
    client.run("create table t (a varchar(9))", f"insert into t values ('{'x' * 9}')")
    client.run(
        f"create table r as select a::varchar as a, cast('{'y' * 445}' as text) as long, null::varchar as n, "
        "a || 'z' as joined, 5::varchar as five from t"
    )
    assert [row[2] for row in columns(client, "r")] == [9, 445, 1, 65535, 65535]  # 65535: no length of its own
    assert client.run("select len(a), len(long), joined, five from r") == [(9, 445, "x" * 9 + "z", "5")]


def test_no_length_is_taken_where_no_page_says_one(client: Client) -> None:
    client.run(
        "create table r as select case when true then 'a' else 'bcd' end as c, nvl(null, 'ab') as n, 'a\\\\b' as e",
        "insert into r values ('longer than both', 'longer', 'longer')",
    )
    assert client.value("select count(*) from r") == 2


def test_literals_of_two_lengths_in_a_union_are_not_cut(client: Client) -> None:
    client.run("create table r as select 'a' as s union all select 'bcd' union all select 'ef'")
    assert client.run("select s from r order by s") == [("a",), ("bcd",), ("ef",)]


def test_a_recursive_query_is_not_held_to_its_first_literal(client: Client) -> None:
    asked = "with recursive r(a) as (select 'a' union all select a || 'b' from r where len(a) < 3) select a from r"
    assert client.run(f"{asked} order by a") == [("a",), ("ab",), ("abb",)]


def test_a_literal_in_a_set_operation_takes_the_type_of_the_other_query(client: Client) -> None:
    client.run("create table r as select cast('2022-02-14' as date) as d, 1 as n union all select '2020-02-12', '2'")
    assert [row[1] for row in columns(client, "r")] == ["date", "integer"]
    assert client.run("select d::varchar, n from r order by n") == [("2022-02-14", 1), ("2020-02-12", 2)]
    scales = client.run("select (a)::varchar from (select 1.5 as a union all select '2.2567') order by 1")
    assert scales == [("1.5000",), ("2.2567",)]  # neither is rounded
    assert client.error("select 1 union all select 'one'")["C"] == "22P02"
    assert client.error("select 1 union all select 'one'::varchar")["C"] == "42804"
