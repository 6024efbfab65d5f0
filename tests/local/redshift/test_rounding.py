"""What a cast keeps of a DECIMAL, and which table SELECT INTO makes.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_enable_numeric_rounding.html, r_Numeric_types201.html,
r_SELECT_INTO.html.
"""

# ruff: noqa: S608 - the tests' own SQL

import pytest

from tests.local.redshift.support import Client


@pytest.fixture
def numbers(client: Client) -> Client:
    client.run("create table numbers (a numeric(10,2))", "insert into numbers values (1.5)")
    return client


def test_a_cast_cuts_unless_the_session_rounds(numbers: Client) -> None:
    query = "select a::int, a::decimal(10,0), a::decimal(10,5)::varchar from numbers"
    assert numbers.value("show enable_numeric_rounding") == "off"
    assert numbers.run(query) == [(1, 1, "1.50000")]
    numbers.run("set enable_numeric_rounding to on")
    assert (numbers.value("show enable_numeric_rounding"), numbers.run(query)) == ("on", [(2, 2, "1.50000")])
    numbers.run("set enable_numeric_rounding to off")
    assert numbers.run(query) == [(1, 1, "1.50000")]
    numbers.run("set enable_numeric_rounding to true", "reset enable_numeric_rounding")
    assert numbers.run(query) == [(1, 1, "1.50000")]


def test_what_goes_into_a_column_is_rounded(numbers: Client) -> None:
    numbers.run(
        "insert into numbers values (100.8976)", "insert into numbers select a * 1.667 from numbers where a = 1.5"
    )
    shown = numbers.run("select a::varchar as shown from numbers order by a")
    assert shown == [("1.50",), ("2.50",), ("100.90",)]


def test_the_cast_of_an_expression_is_grouped_by(numbers: Client) -> None:
    numbers.run("insert into numbers values (1.9), (2.1)")
    assert numbers.run("select cast(a as int), count(*) from numbers group by cast(a as int) order by 1") == [
        (1, 2),
        (2, 1),
    ]


@pytest.mark.parametrize("made", ["made", "temp table made", "#made"])
def test_select_into_makes_a_table_of_a_set_operation(numbers: Client, made: str) -> None:
    numbers.run(f"select a into {made} from numbers union all select 2 order by 1")
    assert numbers.value(f"select count(*) from {made.split()[-1]}") == 2
