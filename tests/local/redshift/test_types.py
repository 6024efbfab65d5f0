"""Types and lengths: bytes, defaults, folding."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import redshift_connector
from hypothesis import given, settings
from hypothesis import strategies as st

from local.redshift.masking import mask, split_statements
from tests.local.redshift.support import Client, psycopg2_connection


def test_varchar_counts_bytes(client: Client) -> None:
    client.run("create table t (a varchar(4))", "insert into t values ('abcd'), ('éé'), (null), ('ab    ')")
    assert client.error("insert into t values ('ééé')")["C"] == "22001"
    assert client.error("insert into t select 'é' || 'éé'")["C"] == "22001"
    assert sorted(client.run("select a from t where a is not null")) == [("ab  ",), ("abcd",), ("éé",)]


def test_lengths_hold_in_a_union_of_constants(client: Client) -> None:
    client.run("create table t (a varchar(4))", "insert into t select 'aa' union all select 'bbbb'")
    assert client.error("insert into t select 'aa' union all select 'bbbbb'")["C"] == "22001"
    assert client.value("select count(*) from t") == 2


@pytest.mark.parametrize("type_name", ["text", "varchar", "character varying"])
def test_strings_without_a_length_have_256_bytes_in_a_column_only(client: Client, type_name: str) -> None:
    client.run(f"create table t (a {type_name} encode lzo, b {type_name})")
    assert (
        client.run(
            "select data_type, character_maximum_length from svv_columns "
            "where table_name = 't' and table_schema = current_schema()"
        )
        == [("character varying", 256)] * 2
    )
    assert client.error("insert into t (a) values (repeat('x', 257))")["C"] == "22001"
    assert client.value(f"select len(repeat('x', 300)::{type_name})") == 300
    assert client.value(f"select len(cast(repeat('é', 300) as {type_name}))") == 300


def test_a_cast_cuts_at_whole_characters(client: Client) -> None:
    assert client.run("select 'aé'::varchar(2), 'aé'::varchar(3), '日本'::varchar(5)") == [("a", "aé", "日")]


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("smallint", "-32768"),
        ("integer", "-2147483648"),
        ("bigint", "-9223372036854775807"),
        ("decimal(4, 4)", "-0.1234"),
        ("decimal(38, 10)", "-" + "9" * 28 + ".0123456789"),
        ("date", "2025-01-02"),
        ("timestamp", "2025-01-02 03:04:05.678901"),
    ],
)
def test_a_cast_to_text_cuts_an_operand_too_where_its_type_may_be_longer(
    client: Client, type_name: str, value: str
) -> None:
    client.run(f"create table t (a {type_name})", f"insert into t values ('{value}')")
    for length in (3, len(value) - 1, len(value), len(value) + 1, 32, 64):
        whole = f"cast(a as varchar({length}))"
        asked = client.run(
            f"select {whole}, {whole} || '', octet_length({whole}), md5({whole}) = md5('{value}') from t"
        )
        assert asked == [(value[:length], value[:length], min(length, len(value)), length >= len(value))]


def test_a_cast_to_text_gives_a_column_its_length_also_where_nothing_is_cut(client: Client) -> None:
    client.run(
        "create table t (a bigint)", "create table u as select cast(a as varchar(20)) as a, a::varchar(30) b from t"
    )
    of_u = "from svv_columns where table_name = 'u' and table_schema = current_schema()"
    assert client.run(f"select column_name, character_maximum_length {of_u} order by 1") == [("a", 20), ("b", 30)]


def test_a_decimal_of_19_digits_ends_where_64_bits_do(client: Client) -> None:
    client.run(
        "create table t (a decimal(19, 2))", "insert into t values (92233720368547758.07), (-92233720368547758.07)"
    )
    for value in ("92233720368547758.08", "-92233720368547758.08", "95000000000000000.00"):
        assert "overflow" in client.error(f"insert into t values ({value})")["M"]
        assert "overflow" in client.error(f"select cast({value} as decimal(19, 2)) from t")["M"]
    assert client.run("select count(*), sum(a) from t") == [(2, 0)]
    assert client.value("select cast(99999999999999999.99 as decimal(20, 2))") is not None


def test_decimal_without_precision_has_no_fraction(client: Client) -> None:
    client.run("create table t (a decimal, b numeric not null)", "insert into t values (1.5, 2.4)")
    assert client.run("select a::varchar(9), b::varchar(9), 3.7::decimal::varchar(9) from t") == [("2", "2", "4")]


def test_columns_are_described_as_redshift_describes_them(client: Client) -> None:
    client.run(
        "create table t (a smallint, b bigint, c decimal(18, 2), d varchar(max), e timestamp, f varbyte(10), g super, "
        "h double precision, i boolean, j date, k varbyte)"
    )
    described = client.run(
        "select data_type, character_maximum_length, numeric_precision, numeric_scale "
        'from information_schema."columns" '
        "where table_name = 't' and table_schema = current_schema() order by ordinal_position"
    )
    assert [row[0] for row in described] == [
        "smallint", "bigint", "numeric", "character varying", "timestamp without time zone", "binary varying", "super",
        "double precision", "boolean", "date", "binary varying",
    ]  # fmt: skip
    assert described[2][2:] == (18, 2)
    assert [described[position][1] for position in (3, 5, 10)] == [65535, 10, 64000]


SQL_TEXT = st.text(alphabet="ab'\"-*/$;\\ \n(),é", max_size=40)


@given(SQL_TEXT)
def test_masking_gives_back_what_it_took(sql: str) -> None:
    assert mask(sql).restore() == sql


@given(st.lists(st.sampled_from(["select 1", "select ';'", 'select ";"', "select 1 -- ;\n", "/* ; */ select 2"])))
def test_splitting_finds_each_statement(statements: list[str]) -> None:
    assert len(split_statements(";".join(statements))) == len(statements)


@settings(max_examples=40, deadline=None)
@given(
    value=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
    bytes_=st.integers(1, 20),
)
def test_a_cast_keeps_the_longest_prefix_that_fits(administrator: Client, value: str, bytes_: int) -> None:
    cursor = administrator.connection.cursor()
    cursor.execute(f"select %s::varchar({bytes_})", (value,))
    kept = cursor.fetchall()[0][0]
    assert value.startswith(kept)
    assert len(kept.encode()) <= bytes_
    assert kept == value or len(value[: len(kept) + 1].encode()) > bytes_


def test_a_text_that_is_compared_with_a_number_is_not_rounded_to_its_scale(client: Client) -> None:
    client.run(
        "create table t (a varchar(9), n decimal(8, 2))", "insert into t values ('1.254', 1.25), ('1.250', 1.25)"
    )
    assert client.run("select a from t where a = n") == client.run("select a from t where n = a") == [("1.250",)]
    assert client.run("select a from t where a > n") == [("1.254",)]


def test_a_char_stays_whole(client: Client) -> None:
    client.run("create table t (a char(3))", "insert into t values ('abc')")
    whole = "nvl(a, a), case when true then a else a end, percentile_disc(0.5) within group (order by a)"
    assert client.run(f"select {whole} from t group by a") == [("abc", "abc", "abc")]


def test_a_computation_with_a_parameter_has_the_digits_of_the_type_that_it_is_declared_of(client: Client) -> None:
    cursor = client.connection.cursor()
    for value, quotient in ((3, "3.33333333"), (100_000, "0.0001000000000"), (2.0, "5.0")):  # as int2, int4 and float8
        cursor.execute("select 10::decimal(8, 2) / %s", (value,))
        assert [str(row[0]) for row in cursor.fetchall()] == [quotient]
    client.run("prepare divided (int, decimal(8, 2)) as select 10::decimal(8, 2) / $1, $2 / 3")
    assert [str(value) for value in client.run("execute divided (3, 10.019)")[0]] == [
        "3.3333333333333",
        "3.3400000000000",
    ]
    assert client.error("execute divided (0, 1)")["C"] == "22012"


@pytest.mark.parametrize("protocol", [0, 2])
def test_an_abstime_and_the_end_of_a_day_are_told_as_the_drivers_tests_expect(
    facts: dict[str, Any], protocol: int
) -> None:
    connection = redshift_connector.connect(
        host=facts["host"], port=facts["wire_port"], database=facts["database"], user=facts["admin_user"],
        password=facts["admin_password"], ssl=False, client_protocol_version=protocol,
    )  # fmt: skip
    cursor = connection.cursor()
    cursor.execute(
        "select 'infinity'::abstime, '2022-06-10 01:02:03.9'::abstime, '24:00:00'::time, '24:00 WET'::timetz"
    )
    midnight = dt.time(0, tzinfo=dt.UTC)
    told = [dt.datetime(2038, 1, 19, 3, 14, 4, tzinfo=dt.UTC), dt.datetime(2022, 6, 10, 1, 2, 3, tzinfo=dt.UTC)]
    assert list(cursor.fetchall()[0]) == [*told, dt.time(0), midnight]
    assert cursor.description[0][1] == redshift_connector.utils.oids.RedshiftOID.ABSTIME
    connection.rollback()
    with pytest.raises(redshift_connector.error.ProgrammingError, match="abstime out of range"):
        cursor.execute("select '2040-01-01'::abstime")
    connection.close()
    text = psycopg2_connection(facts)
    with text.cursor() as asker:
        asker.execute("select '2022-06-10 01:02:03.9'::abstime, '24:00:00'::time")
        assert asker.fetchall() == [("2022-06-10 01:02:03+00", dt.time(0))]
    text.close()


def test_a_blank_beyond_ascii_is_a_letter_of_a_column_s_name(client: Client) -> None:
    client.run("create temp table t (a\u205f int, b int)")
    cursor = client.connection.cursor()
    cursor.execute("select * from t")
    assert [column[0] for column in cursor.description] == ["a\u205f", "b"]


def test_a_float_shows_15_digits_and_keeps_all(client: Client, facts: dict[str, Any]) -> None:
    third, rounded = 1 / 3, "0.333333333333333"
    client.run("create table t (d double precision, r real)", "insert into t values (1 / 3::float8, 1 / 3::float8)")
    assert client.run("select d::varchar, r::varchar, d = 1 / 3::float8 from t") == [(rounded, "0.333333", True)]
    assert client.run("select d from t") == [(third,)], "the driver asks for it in binary"
    assert client.run("select (d::super)::float8, array(d)[0]::float8, object('d', d).d::float8 from t") == [
        (third,) * 3
    ]
    text = psycopg2_connection(facts)
    with text.cursor() as asker:
        asker.execute("select 1 / 3::float8")
        assert asker.fetchall() == [(float(rounded),)]
        asker.execute("set extra_float_digits to 2")
        asker.execute("select 1 / 3::float8")
        assert asker.fetchall() == [(third,)]
    text.close()
    assert client.run("select fnv_hash(d) = fnv_hash(d + 1e-16), fnv_hash(d) = fnv_hash(1 / 3::float8) from t") == [
        (False, True)
    ]
