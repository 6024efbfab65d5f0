"""What CASE, COALESCE, DECODE and their like, and UNION, make of values of several types: one rule for all of them."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.local.redshift.support import Client

# One worker: all share the warehouse, and queries of the table hold the schema's name.
pytestmark = pytest.mark.xdist_group("choice")
TABLES = (
    "create table t (n decimal(8, 2), m decimal(12, 5), i int, r real, c char(5))",
    "insert into t values (1.25, 3.14159, 16777217, 0.5, 'abc')",  # a REAL has 6 digits
    "create function a_third(float) returns float stable as $$ select $1 * 0.333333333333333 $$ language sql",
)
# {0} is the value that is chosen, {1} one of another type that is not.
CHOICES = {
    "case": "select case when n > 100 then {1} else {0} end from t",
    "case of": "select case i when 1 then {1} else {0} end from t",
    "coalesce": "select coalesce(null, {0}, {1}) from t",
    "nvl": "select nvl({0}, {1}) from t",
    "nvl2": "select nvl2(null::int, {1}, {0}) from t",
    "decode": "select decode(1, 2, {1}, {0}) from t",
    "greatest": "select greatest({0}, {1}, {1}) from t",
    "least": "select least({0}, {1} + 99999999, null) from t",
    "union": "select {1} from t where n > 100 union select {0} from t",
    "union of literals": "select {0} union all select {1} where 1 > 2",
    "union of an unknown column": "select {1} from t where n > 100 union all select x from (select {0} as x from t)",
}


@dataclass(frozen=True)
class Case:
    """A value, another beside it, what comes out, and the choices that are not of such values."""

    value: str
    beside: str
    expected: Any
    parameters: tuple[Any, ...] = ()
    not_of: tuple[str, ...] = ()


_OF_COLUMNS = ("union of literals",)
_BARE_ALONE = (
    "union of an unknown column",
)  # what has no type becomes a VARCHAR in a query of its own, as on PostgreSQL
CASES = [
    Case("'0.14159'", "n", Decimal("0.14159"), not_of=(*_OF_COLUMNS, *_BARE_ALONE, "greatest")),
    Case("'3.14159'", "n", Decimal("3.14159"), not_of=(*_OF_COLUMNS, *_BARE_ALONE)),
    Case("'2.2567'", "1.5", Decimal("2.2567"), not_of=_BARE_ALONE),
    Case("n * '1.92345'", "n", Decimal("2.4043125"), not_of=_OF_COLUMNS),
    Case("%s", "n", Decimal("3.14159"), (Decimal("3.14159"),), not_of=(*_OF_COLUMNS, "nvl", *_BARE_ALONE)),
    Case("m", "n", Decimal("3.14159"), not_of=_OF_COLUMNS),
    Case("n", "m", Decimal("1.25"), not_of=(*_OF_COLUMNS, "greatest")),
    Case("n", "null", Decimal("1.25"), not_of=_OF_COLUMNS),
    Case("a_third(10.0)", "n", 10.0 * 0.333333333333333, not_of=_OF_COLUMNS),
    Case("n * 2", "a_third(0)", 2.5, not_of=_OF_COLUMNS),
    Case("i", "r", 16777217.0, not_of=_OF_COLUMNS),
    Case("m", "r", 3.14159, not_of=_OF_COLUMNS),
    Case("16777217", "1.5::real", 16777217.0),
    Case("'7'", "i", 7, not_of=(*_OF_COLUMNS, *_BARE_ALONE, "greatest")),
    Case("'7'", "5", 7, not_of=_BARE_ALONE),
    Case("c", "c", "abc  ", not_of=(*_OF_COLUMNS, "least")),
]


@pytest.fixture(scope="module")
def warehouse(facts: dict[str, Any], administrator: Client) -> Iterator[Client]:
    """A connection in a schema that holds the table and the function."""
    client = Client(facts)
    client.run("create schema choices", "set search_path to choices", *TABLES)
    yield client
    client.close()
    administrator.run("drop schema choices cascade")


@pytest.mark.parametrize(
    ("choice", "case"),
    [
        pytest.param(choice, case, id=f"{choice}: {case.value} beside {case.beside}")
        for case in CASES
        for choice in CHOICES
        if choice not in case.not_of
    ],
)
def test_a_choice_keeps_its_value(warehouse: Client, choice: str, case: Case) -> None:
    cursor = warehouse.connection.cursor()
    cursor.execute(CHOICES[choice].format(case.value, case.beside), case.parameters)
    [[found]] = cursor.fetchall()
    assert (found, type(found)) == (case.expected, type(case.expected))


@pytest.mark.parametrize("choice", [choice for choice in CHOICES if choice not in _BARE_ALONE])
def test_a_string_beside_a_number_spells_one(warehouse: Client, choice: str) -> None:
    for text, beside in [("'abc'", "1.5"), ("''", "1.5"), ("'1_0'", "1.5"), ("'3.14'", "3"), ("'NaN'", "1.5")]:
        assert warehouse.error(CHOICES[choice].format(text, beside))["C"] == "22P02"
    assert warehouse.error(CHOICES[choice].format(f"'{'9' * 39}'", "1.5"))["C"] == "22023"


TOLD = [
    ("nvl(n, '3.14159')", ("numeric", 11, 5)),
    ("case when true then n else '10' end", ("numeric", 8, 2)),
    ("n / '3'", ("numeric", 10, 4)),
    ("decode(1, 2, r, n)", ("double precision", 53, None)),
    ("a_third(n)", ("double precision", 53, None)),
    ("nvl(r, null)", ("real", 24, None)),
    ("007.50", ("numeric", 3, 2)),
    ("0000000000000000000009223372036854775808", ("numeric", 20, 0)),
    ("-92233720368547758.08", ("numeric", 20, 2)),
    ("92233720368547758.07", ("numeric", 19, 2)),
]


def columns(client: Client, name: str) -> list[tuple[Any, ...]]:
    """Return type, precision and scale of a table's columns."""
    return client.run(
        "select data_type, numeric_precision, numeric_scale from svv_columns "
        f"where table_name = '{name}' and table_schema = current_schema() order by ordinal_position"
    )


def test_the_type_told_is_the_type_computed(client: Client) -> None:
    client.run(
        *TABLES, f"create table made as select {', '.join(f'{sql} as x{k}' for k, (sql, _) in enumerate(TOLD))} from t"
    )
    assert columns(client, "made") == [type_ for _, type_ in TOLD]


def test_a_union_of_a_decimal_and_a_string_has_a_precision(client: Client) -> None:
    united = "select n, r from t union all select '3.14159', 16777217 union all select null, null"
    client.run(*TABLES, f"create table made as {united}")
    assert columns(client, "made") == [("numeric", 11, 5), ("double precision", 53, None)]
    assert client.run(f"select sum(n) / 3, avg(n), max(r) from ({united})") == [
        (Decimal("1.46386"), Decimal("2.19579"), 16777217.0)
    ]


def test_a_recursion_has_the_types_of_its_first_query(client: Client) -> None:
    counted = "with recursive r(k) as (select {} union all select {} from r where k < 4) select {} from r"
    assert client.run(counted.format("1", "k + 1", "avg(k), sum(k) / 4")) == [(2, 2)]
    halves = counted.format("1.5::decimal(8, 2)", "(k + 1)::decimal(8, 2)", "max(k) / 3")
    assert client.run(halves) == [(Decimal("1.5000000000000"),)]
    grows = client.error(counted.format("1.5", "k * 1.1", "k"))
    assert (grows["C"], "cast both parts" in grows["M"]) == ("42804", True)
    beside = "with recursive r(k) as (select 1 union all select k + 1 from r where k < 3), u(d) as ({}) select d from u"
    assert client.run(beside.format("select 1.5 where 1 > 2 union all select '2.25'")) == [(Decimal("2.25"),)]


@pytest.mark.parametrize("literal", ["9" * 39, "9" * 30 + ".123456789", "." + "1" * 38])
def test_a_decimal_literal_has_no_more_digits_than_a_decimal(client: Client, literal: str) -> None:
    assert client.error(f"select {literal}")["C"] == "22023"
    assert client.error(f"create table made as select -{literal} as n")["C"] == "22023"
