"""What a statement changes: a table of UPDATE that FROM names again, a DELETE that joins one to itself, no view.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/c_Examples_of_UPDATE_statements.html, r_UPDATE.html,
r_DELETE.html, r_CREATE_VIEW.html.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import pytest

from tests.local.redshift.support import Client

EQUIJOIN = "Target table must be part of an equijoin predicate"
AGAIN = "event join category cat on event.catid = cat.catid"


@pytest.fixture
def tickets(client: Client) -> Client:
    """The tables of the pages' examples."""
    client.run(
        "create table category (catid int, catgroup varchar(10), catname varchar(10))",
        "create table event (eventid int, catid int)",
        "insert into category values (1, 'Sports', 'MLB'), (6, 'Shows', 'Musicals'), (9, 'Concerts', 'Pop')",
        "insert into event values (1, 6), (2, 7), (3, 9)",
    )
    return client


def categories(client: Client) -> list[tuple[object, ...]]:
    return client.run("select catid, catname from category order by catname")


@pytest.mark.parametrize(
    "update",
    [
        f"update category set catid = 100 from {AGAIN} where cat.catgroup = 'Concerts'",
        f"update category set catid = 100 from {AGAIN} where cat.catgroup = 'Concerts' or cat.catgroup = 'Films'",
        f"update category set catid = 100 from {AGAIN} and cat.catgroup = 'Concerts'",
        "update category set catid = 100 from event, category cat"
        " where event.catid = cat.catid and cat.catgroup = 'Concerts'",
        "update category set catid = 91 + cat.catid from event join category cat using (catid)"
        " where cat.catgroup = 'Concerts'",
        f"update category set catid = 100 from {AGAIN} where cat.catgroup = 'Concerts'"
        " and cat.catid in (select category.catid from category)",
    ],
)
def test_an_update_whose_from_names_the_target_again_changes_what_is_joined(tickets: Client, update: str) -> None:
    tickets.run(update)
    assert categories(tickets) == [(1, "MLB"), (6, "Musicals"), (100, "Pop")]


def test_an_update_that_tells_the_target_apart_joins_it_to_itself(tickets: Client) -> None:
    tickets.run("update category set catid = cat.catid from category cat where category.catid = cat.catid - 3")
    assert categories(tickets) == [(1, "MLB"), (9, "Musicals"), (9, "Pop")]


def test_a_target_whose_schema_only_one_of_its_names_tells_is_refused(tickets: Client, schema: str) -> None:
    update = f"update {schema}.category set catid = 100 from {AGAIN} where cat.catgroup = 'Concerts'"
    assert "by the same name" in tickets.error(update)["M"]
    assert categories(tickets) == [(1, "MLB"), (6, "Musicals"), (9, "Pop")]


@pytest.mark.parametrize(
    "source",
    [
        "event left join category cat on event.catid = cat.catid where cat.catgroup = 'Concerts'",
        "event full outer join category cat on event.catid = cat.catid where cat.catgroup = 'Concerts'",
        "event natural right join category cat where cat.catgroup = 'Concerts'",
        "event where category.catid = event.catid(+)",
    ],
)
def test_an_update_takes_no_outer_join(tickets: Client, source: str) -> None:
    assert tickets.error(f"update category set catid = 100 from {source}")["M"] == EQUIJOIN


def test_an_outer_join_may_stand_in_a_query_of_an_update(tickets: Client) -> None:
    tickets.run(
        "update category set catid = 100 from (select event.catid from event left join category cat"
        " on event.catid = cat.catid) eventcat where category.catid = eventcat.catid and catgroup = 'Concerts'"
    )
    assert categories(tickets) == [(1, "MLB"), (6, "Musicals"), (100, "Pop")]


def test_a_delete_that_names_its_table_in_using_joins_it_to_itself(tickets: Client) -> None:
    tickets.run("delete from category using category cat where category.catid = cat.catid - 3")
    assert categories(tickets) == [(1, "MLB"), (9, "Pop")]


def test_a_delete_that_nothing_joins_to_its_table_in_using_is_refused(tickets: Client) -> None:
    assert "what a condition joins to it" in tickets.error(f"delete from category using {AGAIN}")["M"]
    assert len(categories(tickets)) == 3


@pytest.mark.parametrize("suffix", ["", " with no schema binding"])
@pytest.mark.parametrize(
    ("change", "does"),
    [
        ("insert into shown values (1)", "insert into"),
        ("insert into shown select 1", "insert into"),
        ("update shown set catid = 2", "update"),
        ("delete from shown", "delete from"),
        (
            "merge into shown using event on shown.catid = event.catid when matched then update set catid = 1"
            " when not matched then insert values (1)",
            "merge into",
        ),
    ],
)
def test_a_view_is_not_changed(tickets: Client, schema: str, suffix: str, change: str, does: str) -> None:
    tickets.run(f"create view shown as select catid from {schema}.category{suffix}")
    refused = tickets.error(change)
    assert (refused["C"], refused["M"]) == ("0A000", f"cannot {does} a view")
    assert categories(tickets) == [(1, "MLB"), (6, "Musicals"), (9, "Pop")]
