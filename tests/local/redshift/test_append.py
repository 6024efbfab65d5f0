"""ALTER TABLE APPEND moves rows, or is refused with both tables as they were.

https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE_APPEND.html
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.local.redshift.support import Client

MISMATCH = "42804"


def test_rows_move_by_the_names_of_columns(client: Client) -> None:
    client.run("create table t (a int, b varchar(9))", "insert into t values (1, 'x')")
    client.run("create table s (b varchar(9), a int)", "insert into s values ('y', 2), ('z', 3)")
    client.run("alter table t append from s")
    assert client.run("select * from t order by a") == [(1, "x"), (2, "y"), (3, "z")]
    assert client.value("select count(*) from s") == 0


def test_what_the_target_lacks_is_discarded_where_told_so(client: Client) -> None:
    client.run("create table t (a int)", "create table s (a int, more int)", "insert into s values (1, 2)")
    assert client.error("alter table t append from s")["C"] == MISMATCH
    assert "IGNOREEXTRA" in client.error("alter table t append from s filltarget")["M"]
    assert client.run("select * from s") == [(1, 2)]
    client.run("alter table t append from s ignoreextra")
    assert (client.run("select * from t"), client.run("select * from s")) == ([(1,)], [])


def test_what_the_source_lacks_is_filled_where_told_so(client: Client) -> None:
    client.run("create table t (id int identity(7, 1), a int, b int default 5, c int)", "create table s (a int)")
    client.run("insert into s values (1)")
    assert "FILLTARGET" in client.error("alter table t append from s")["M"]
    client.run("alter table t append from s filltarget")
    assert (client.run("select * from t"), client.run("select * from s")) == ([(7, 1, 5, None)], [])


@pytest.mark.parametrize(
    ("target", "source", "said"),
    [
        ("t (a int)", "s (a bigint)", "bigint"),
        ("t (a varchar(9))", "s (a varchar(8))", "character varying(8)"),
        ("t (a int not null)", "s (a int)", "not null"),
        ("t (a int encode zstd)", "s (a int encode lzo)", "encode lzo"),
        ("t (a int) diststyle even", "s (a int) diststyle all", "distribution"),
        ("t (a int distkey, b int)", "s (a int, b int distkey)", "distribution"),
        ("t (a int) sortkey (a)", "s (a int)", "sort"),
        ("t (a int, b int) sortkey (a)", "s (a int, b int) sortkey (b)", "sort"),
        ("t (a int, x int)", "s (a int, y int)", "IGNOREEXTRA"),
        ("t (a int identity(1, 1), b int)", "s (a int identity(1, 1), b int)", "identity"),
    ],
)
def test_tables_that_do_not_fit_are_told_and_keep_their_rows(
    client: Client, target: str, source: str, said: str
) -> None:
    last = source.split("(", 1)[1].count(",") and "b" in source
    client.run(f"create table {target}", f"create table {source}")
    client.run("insert into s (b) values (1)" if last else "insert into s (a) values (1)")
    for extra in ("", *(["filltarget"] if "x int" in target else [])):
        error = client.error(f"alter table t append from s {extra}")
        assert error["C"] == MISMATCH
    assert said in error["M"]
    assert (client.value("select count(*) from t"), client.value("select count(*) from s")) == (0, 1)


@pytest.mark.parametrize(
    ("made", "statement", "state"),
    [
        ("create temp table s (a int)", "alter table t append from s", MISMATCH),
        ("create view s as select 1 as a", "alter table t append from s", MISMATCH),
        ("select 1", "alter table t append from t", MISMATCH),
        ("select 1", "alter table t append from missing", "42P01"),
        ("create table s (a int)", "alter table t append from s ignoreextra filltarget", "42601"),
        ("create table s (a int)", "begin; alter table t append from s", "25001"),
    ],
)
def test_what_cannot_be_appended_is_refused(client: Client, made: str, statement: str, state: str) -> None:
    client.run("create table t (a int)", made)
    *before, last = statement.split("; ")
    assert client.error(*before, last)["C"] == state


def test_the_rights_are_those_to_select_and_delete_there_and_to_insert_here(
    client: Client, schema: str, make_user: Callable[[], Client]
) -> None:
    user = make_user()
    name = user.value("select current_user")
    client.run("create table t (a int)", "create table s (a int)", "insert into s values (1)")
    client.run(
        f"grant usage on schema {schema} to {name}", f"grant insert on t to {name}", f"grant select on s to {name}"
    )
    append = f"alter table {schema}.t append from {schema}.s"
    assert "permission denied" in user.error(append)["M"]
    assert client.run("select * from s") == [(1,)]
    client.run(f"grant delete on s to {name}")
    user.run(append)
    assert (client.run("select * from t"), client.run("select * from s")) == ([(1,)], [])
