"""The versions of Redshift's protocol: names and flags of columns (1), DECIMAL in binary (2); libpq has none."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import struct
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

from local.redshift import messages
from local.redshift.messages import Message
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


def test_a_named_cursor_of_psycopg2_brings_rows_in_parts(facts: dict[str, Any]) -> None:
    """It says WITHOUT HOLD, which no page has and what is the default (decision 1)."""
    with closing(psycopg2_connection(facts)) as connection:
        connection.autocommit = False
        with connection.cursor("named") as cursor:
            cursor.itersize = 2
            cursor.execute(
                "select nvl(a, 0) from (select 1 as a union all select 2 union all select 3) as t order by 1"
            )
            assert [row[0] for row in cursor] == [1, 2, 3]


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
            (*place, "a", "landfall", "0101"),
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
    ("9223372036854775807::decimal(19, 0)", "9223372036854775807"),
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


SYNC, FLUSH = Message(b"S", b""), Message(b"H", b"")


def parsed(name: bytes, sql: str) -> Message:
    return messages.parse(name, sql, b"\0\0")


def described(name: bytes) -> Message:
    return Message(b"D", b"S" + name + b"\0")


def run(name: bytes, formats: tuple[int, ...] = (1,)) -> list[Message]:
    """Return what runs a prepared statement in a portal of its name, its columns in these formats."""
    asked = struct.pack(f"!h{len(formats)}h", len(formats), *formats)
    bind = Message(b"B", name + b"\0" + name + b"\0" + b"\0\0" * 2 + asked)
    return [bind, Message(b"E", name + b"\0" + b"\0" * 4)]


def answers(connection: Any, *sent: Message) -> list[Message]:
    """Send messages at once; return what answers them, to the last Sync's."""
    for message in sent:
        connection._write(message.encode())
    connection._flush()
    found: list[Message] = []
    while [message.kind for message in found].count(b"Z") < sent.count(SYNC):
        kind, length = connection._read(1), int.from_bytes(connection._read(4), "big")
        found.append(Message(kind, connection._read(length - 4)))
    return found


def kinds(found: list[Message]) -> bytes:
    return b"".join(message.kind for message in found)


def values(found: list[Message]) -> list[bytes]:
    """Return the first values of rows."""
    rows = [message.body for message in found if message.kind == b"D"]
    return [body[6 : 6 + int.from_bytes(body[2:6], "big")] for body in rows]


def error(found: list[Message]) -> str:
    [fields] = [messages.error_fields(message.body) for message in found if message.kind == b"E"]
    return fields["C"]


@pytest.fixture
def binary(facts: dict[str, Any], schema: str) -> Iterator[Any]:
    """A connection whose DECIMALs are binary."""
    with closing(connect(facts, BINARY)) as connection, connection.cursor() as cursor:
        cursor.execute(f"set search_path to {schema}")
        yield connection


MONEY, WHOLE = "select 1.25::decimal(5, 2)", "select 7"
OF_MONEY, OF_WHOLE = (125).to_bytes(8), (7).to_bytes(4)


@pytest.mark.parametrize("version", [PLAIN, NAMED, BINARY])
@pytest.mark.parametrize("content", [rb"\x41", rb"\xzz", b"ab"])
def test_bytes_are_the_same_in_binary_and_in_text_whatever_they_begin_with(
    facts: dict[str, Any], version: int, content: bytes
) -> None:
    with closing(connect(facts, version)) as connection:
        answers(connection, parsed(b"s", f"select from_hex('{content.hex()}')"), described(b"s"), SYNC)
        assert values(answers(connection, *run(b"s"), SYNC)) == [content]
        text = content if version == BINARY else content.hex().encode()
        assert values(answers(connection, *run(b"s", (0,)), SYNC)) == [text]


@pytest.mark.parametrize("form", [0, 1])
def test_a_super_is_its_text_in_binary_too(binary: Any, form: int) -> None:
    sql = """select json_parse('{"a": [1, 2]}')"""
    assert values(answers(binary, parsed(b"", sql), described(b""), *run(b"", (form,)), SYNC)) == [b'{"a":[1,2]}']


def test_rows_of_pipelined_statements_are_each_spelt_as_its_own(binary: Any) -> None:
    for name, sql in ((b"s1", MONEY), (b"s2", WHOLE)):
        answers(binary, parsed(name, sql), described(name), SYNC)
    assert values(answers(binary, *run(b"s1"), *run(b"s2"), SYNC)) == [OF_MONEY, OF_WHOLE]
    assert values(answers(binary, *run(b"s2"), *run(b"s1"), SYNC)) == [OF_WHOLE, OF_MONEY]
    assert values(answers(binary, *run(b"s1"), SYNC, *run(b"s2"), SYNC)) == [OF_MONEY, OF_WHOLE]
    once = [run(b"s1")[0], Message(b"E", b"s1\0" + b"\0\0\0\1"), run(b"s1")[1]]  # suspended behind its first row
    assert values(answers(binary, *once, *run(b"s2"), SYNC)) == [OF_MONEY, OF_WHOLE]


def test_pipelined_descriptions_are_each_of_its_own_statement(binary: Any) -> None:
    both = [parsed(b"s1", MONEY), described(b"s1"), parsed(b"s2", WHOLE), described(b"s2")]
    assert kinds(answers(binary, *both, SYNC)) == b"1tT1tTZ"
    assert values(answers(binary, *run(b"s1"), SYNC)) == [OF_MONEY]
    assert values(answers(binary, *run(b"s2"), SYNC)) == [OF_WHOLE]


def test_a_statement_that_is_not_described_is_spelt_as_what_it_is(binary: Any) -> None:
    found = answers(binary, parsed(b"", MONEY), *run(b""), SYNC)
    assert (kinds(found), values(found)) == (b"12DCZ", [OF_MONEY])
    found = answers(binary, parsed(b"", WHOLE), *run(b""), parsed(b"", MONEY), *run(b""), SYNC)
    assert (kinds(found), values(found)) == (b"12DC12DCZ", [OF_WHOLE, OF_MONEY])


def test_a_description_that_an_error_skips_is_made_up_for(binary: Any) -> None:
    none = Message(b"D", b"Snone\0")
    assert kinds(answers(binary, parsed(b"s", MONEY), none, described(b"s"), SYNC)) == b"1EZ"
    assert values(answers(binary, *run(b"s"), SYNC)) == [OF_MONEY]
    sent = [parsed(b"t", MONEY), none, described(b"t"), SYNC, *run(b"t"), SYNC]
    found = answers(binary, *sent)[2:]  # the error may come before the second message is read, or too late to ask
    assert values(found) == [OF_MONEY] or (not values(found) and error(found) == "0A000")
    assert values(answers(binary, *run(b"s"), SYNC)) == [OF_MONEY]


def test_result_formats_that_are_too_few_are_an_error_of_the_statement(binary: Any) -> None:
    answers(binary, parsed(b"s", "select 1, 2, 1.5::decimal(3, 1)"), described(b"s"), SYNC)
    found = answers(binary, *run(b"s", (1, 1)), SYNC)
    assert (kinds(found), error(found)) == (b"EZ", "08P01")
    assert kinds(answers(binary, *run(b"s", (1, 1, 1)), SYNC)) == b"2DCZ"


# A DECIMAL whose scale nothing tells, and which has too many digits for the one that is told.
TOO_LARGE = f"select round({'9' * 30}.5, 1 + 0)"


@pytest.mark.parametrize("is_described", [True, False])
def test_what_is_pipelined_with_a_decimal_that_no_driver_could_read_does_not_happen(
    binary: Any, is_described: bool
) -> None:
    answers(binary, parsed(b"", "create table t (a integer)"), *run(b"", ()), SYNC)
    answers(binary, parsed(b"bad", TOO_LARGE), *[described(b"bad")] * is_described, SYNC)
    answers(binary, parsed(b"write", "insert into t values (1)"), described(b"write"), SYNC)
    answers(binary, parsed(b"count", "select count(*) from t"), described(b"count"), SYNC)
    found = answers(binary, *run(b"bad"), *run(b"write"), SYNC)
    assert (kinds(found), error(found)) == (b"2EZ", "22003")
    found = answers(binary, *run(b"write"), *run(b"bad"), SYNC)
    assert (kinds(found), error(found)) == (b"2C2EZ", "22003")
    assert values(answers(binary, *run(b"count"), SYNC)) == [(0).to_bytes(8)]
    assert kinds(answers(binary, *run(b"bad"), SYNC)) == b"2EZ"
    assert kinds(answers(binary, *run(b"write"), *run(b"count"), SYNC)) == b"2C2DCZ"
    assert values(answers(binary, *run(b"count"), SYNC)) == [(1).to_bytes(8)]


def test_a_version_of_endless_digits_is_the_newest(facts: dict[str, Any]) -> None:
    with closing(connect(facts, int("9" * 4000))) as connection:
        assert dict(connection.parameter_statuses)[b"server_protocol_version"] == b"2"
