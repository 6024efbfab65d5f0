"""The versions of Redshift's protocol: names and flags of columns (1), DECIMAL in binary (2); libpq has none."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redshift_connector.core import Connection
from redshift_connector.error import Error
from redshift_connector.utils.type_utils import numeric_in_binary

from local.redshift.spelling import _DECIMAL, _NEGATIVE, _POSITIVE, decimal
from tests.local.redshift.support import Client, psycopg2_connection

PLAIN, NAMED, BINARY = 0, 1, 2


def connect(facts: dict[str, Any], version: int) -> Any:
    """Return a connection of the driver's that asks for a version of the protocol, in autocommit."""
    connection = Connection(  # connect() knows no version that is newer than the driver
        host=facts["host"], port=facts["wire_port"], database=facts["database"], ssl=False,
        user=facts["admin_user"], password=facts["admin_password"], client_protocol_version=version,
    )  # fmt: skip
    connection.autocommit = True
    return connection


@pytest.fixture(params=[PLAIN, NAMED, BINARY])
def cursor(facts: dict[str, Any], schema: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A cursor for each version, in a schema of its own."""
    with closing(connect(facts, request.param)) as connection, connection.cursor() as cursor:
        cursor.execute(f"set search_path to {schema}")
        yield cursor


def told(cursor: Any, sql: str) -> list[tuple[str, ...]]:
    """Return what the server tells of a query's columns: schema, table, column, database, flags."""
    cursor.execute(sql)
    flags = ("nullable", "autoincrement", "read_only", "searchable")  # as the driver calls them
    names = ("schema_name", "table_name", "column_name", "catalog_name")
    return [
        (*(each[name].decode() for name in names), "".join(str(each[flag]) for flag in flags))
        for each in cursor.ps["row_desc"]
    ]


@pytest.mark.parametrize(("asked", "holds"), [(0, b"0"), (1, b"1"), (2, b"2"), (3, b"2")])
def test_the_server_names_the_version_that_holds(facts: dict[str, Any], asked: int, holds: bytes) -> None:
    with closing(connect(facts, asked)) as connection:
        assert dict(connection.parameter_statuses)[b"server_protocol_version"] == holds


def test_a_client_that_asks_for_no_version_hears_of_none_and_reads_rows_as_of_old(facts: dict[str, Any]) -> None:
    with psycopg2_connection(facts) as connection, connection.cursor() as cursor:
        assert connection.get_parameter_status("server_protocol_version") is None
        cursor.execute("select 1.50, 'a'")
        assert cursor.fetchall() == [(Decimal("1.50"), "a")]


def test_a_column_is_told_with_its_table_and_flags(facts: dict[str, Any], client: Client, schema: str) -> None:
    client.run(
        "create table t (a integer identity(1, 1), gone integer, b varchar(9) not null, c decimal(8, 2))",
        "alter table t drop column gone",
        "create view v as select b as d from t",
    )
    with closing(connect(facts, NAMED)) as connection, connection.cursor() as cursor:
        cursor.execute(f"set search_path to {schema}")
        place = (schema, "t")
        assert told(cursor, "select c as price, b, a, c + 1 from t as x") == [
            (*place, "c", "landfall", "0001"),
            (*place, "b", "landfall", "1001"),
            (*place, "a", "landfall", "1101"),
            ("", "", "", "", "0001"),  # an expression
        ]
        assert told(cursor, "select d from v") == [(schema, "v", "d", "landfall", "0001")]
        cursor.execute("alter table t rename column c to amount")
        assert told(cursor, "select amount from t") == [(*place, "amount", "landfall", "0001")]
        long = "n" * 100
        cursor.execute(f"create table {long} (a integer)")
        assert told(cursor, f"select a from {long}") == [(schema, long, "a", "landfall", "0001")]


def test_names_are_told_to_those_alone_who_asked_for_them(cursor: Any) -> None:
    cursor.execute("create table t (a integer)")
    cursor.execute("select a from t")
    is_told = cursor.ps["row_desc"][0].get("table_name") == b"t"
    assert is_told == (cursor.connection._client_protocol_version >= NAMED)


VALUES = [
    ("1.5::decimal(4, 2)", "1.50"),
    ("-0.01::decimal(4, 2)", "-0.01"),
    ("0::decimal(18, 0)", "0"),
    ("999999999999999999::decimal(18, 0)", "999999999999999999"),
    ("9223372036854775808::decimal(19, 0)", "9223372036854775808"),
    ("-1234567890123456789.012345678::decimal(28, 9)", "-1234567890123456789.012345678"),
    ("null::decimal(5, 2)", None),
    # of which PostgreSQL alone would tell no scale
    ("1.50", "1.50"),
    ("-12.5", "-12.5"),
    ("12345678901234567890", "12345678901234567890"),
    ("- (1.25::decimal(6, 2))", "-1.25"),
    ("round(28.05, 1)", "28.1"),
    ("round(99.95, 1)", "100.0"),
    ("round(125, -1)", "130"),
    ("trunc(111.86)", "111"),
    ("ceil(99.5)", "100"),
    ("floor(-99.5)", "-100"),
    ("to_number('12,454.8-', '99G999D9S')", "-12454.8"),
    ("to_number('0.25', '9.99')", "0.25"),
]


@pytest.mark.parametrize(("expression", "value"), VALUES, ids=[expression for expression, _ in VALUES])
def test_a_decimal_is_the_same_in_text_and_in_binary(cursor: Any, expression: str, value: str | None) -> None:
    cursor.execute(f"select {expression}, 'x'")
    [found, other] = cursor.fetchone()
    assert (None if found is None else str(found), other) == (value, "x")
    cursor.execute(f"select {expression}, 'x' from (select 1) where 1 = %s", (1,))
    assert [found, other] == list(cursor.fetchone())


def test_bytes_and_lists_of_privileges_are_the_same_whatever_the_version(cursor: Any) -> None:
    cursor.execute("select 'ab'::varbyte, null::varbyte")
    assert cursor.fetchall() == (["ab", None],)
    cursor.execute("create table t (a integer)")
    cursor.execute("grant select on t to public")
    cursor.execute("select relacl from pg_class where oid = 't'::regclass")
    [[items]] = cursor.fetchall()
    assert [item.partition("=")[2].partition("/")[0] for item in items if item.startswith("=")] == ["r"]


def test_a_decimal_whose_scale_nothing_tells_has_zeros_behind_it_in_binary(cursor: Any) -> None:
    cursor.execute("select round(1.25, 1 + 0)")
    [value] = cursor.fetchone()
    assert value == Decimal("1.3")
    is_binary = cursor.connection._client_protocol_version == BINARY
    assert str(value) == ("1.3000000000000000" if is_binary else "1.3")


def test_a_decimal_that_no_driver_could_read_fails_the_statement_and_its_transaction(facts: dict[str, Any]) -> None:
    with closing(connect(facts, BINARY)) as connection, connection.cursor() as cursor:
        cursor.execute("begin")
        with pytest.raises(Error, match="22003"):
            cursor.execute(f"select round({'9' * 30}.5, 1 + 0)")
        with pytest.raises(Error, match="25P02"):
            cursor.execute("select 1")
        cursor.execute("rollback")
        cursor.execute("select 1")
        assert cursor.fetchall() == ([1],)


def as_postgres(value: Decimal) -> bytes:
    """Return a DECIMAL as PostgreSQL sends it: digits to the base of 10,000."""
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    power, groups = exponent // 4, list[int]()
    number = int("".join(map(str, digits))) * 10 ** (exponent % 4)
    while number:
        number, group = divmod(number, 10_000)
        groups.insert(0, group)
    weight = power + len(groups) - 1
    head = _DECIMAL.pack(len(groups), weight if groups else 0, _NEGATIVE if sign else _POSITIVE, max(-exponent, 0))
    return head + b"".join(group.to_bytes(2) for group in groups)


@given(st.integers(-(10**27) + 1, 10**27 - 1), st.integers(0, 20))  # the driver rounds to 28 digits
def test_the_driver_reads_what_a_decimal_was(number: int, scale: int) -> None:
    value = Decimal(number).scaleb(-scale)
    sent = decimal(scale, as_postgres(value))
    assert numeric_in_binary(sent, 0, len(sent), scale) == value


@pytest.mark.parametrize(("value", "scale", "rounded"), [("1.25", 1, 13), ("-1.25", 1, -13), ("1.24", 1, 12)])
def test_digits_beyond_the_scale_are_rounded(value: str, scale: int, rounded: int) -> None:
    assert int.from_bytes(decimal(scale, as_postgres(Decimal(value))), signed=True) == rounded
