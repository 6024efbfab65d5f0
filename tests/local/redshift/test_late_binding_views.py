"""Views WITH NO SCHEMA BINDING know their tables by name alone."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.local.redshift.support import Client


def create_view(client: Client, schema: str, name: str, query: str) -> None:
    client.run(f"create view {schema}.{name} as {query} with no schema binding")


def test_a_view_may_come_before_its_table(client: Client, schema: str) -> None:
    create_view(client, schema, "v", f"select a from {schema}.t")
    assert client.error("select * from v")["C"] == "42P01"
    client.run("create table t (a int)", "insert into t values (1)")
    assert client.run("select * from v") == [(1,)]


def test_a_view_survives_the_drop_of_its_table_and_reads_the_next_one(client: Client, schema: str) -> None:
    client.run("create table t (a int, b int)")
    create_view(client, schema, "v", f"select * from {schema}.t")
    client.run("drop table t")
    assert client.error("select * from v")["C"] == "42P01"
    client.run("create table t (a varchar(9))", "insert into t values ('new')")
    assert client.run("select * from v") == [("new",)]


def test_a_view_without_its_table_fails_whatever_is_asked_of_it(client: Client, schema: str) -> None:
    client.run("create table t (a int)")
    create_view(client, schema, "v", f"select a from {schema}.t")
    asked = [
        "select * from v where 1 = 0",
        "select * from v limit 1",
        "select * from v limit 0",
        "select 1 from v where false",
        "select count(*) from (select * from v where 1 = 0)",
        "select 1 where exists (select 1 from v)",
        "explain select * from v",
    ]
    for query in asked:
        client.run(query)
    client.run("drop table t")
    for query in asked:
        assert client.error(query)["C"] == "42P01", query
    client.run("create table t (a int)")
    for query in asked:
        client.run(query)


def test_a_view_reads_the_table_that_has_the_name_now(client: Client, schema: str) -> None:
    client.run("create table t (a int)", "insert into t values (1)")
    create_view(client, schema, "v", f"select a from {schema}.t")
    client.run("create table t_new (a int)", "insert into t_new values (2)")
    client.run("begin", "alter table t rename to t_old", "alter table t_new rename to t", "commit")
    assert client.run("select * from v") == [(2,)]
    client.run("drop table t_old cascade")
    assert client.run("select * from v") == [(2,)]


def test_columns_of_the_table_may_change_under_a_view(client: Client, schema: str) -> None:
    client.run("create table t (a int, b int)", "insert into t values (1, 2)")
    create_view(client, schema, "v", f"select a from {schema}.t")
    client.run("alter table t drop column b", "alter table t add column c bigint")
    assert client.run("select * from v") == [(1,)]
    client.run("alter table t rename column a to d")
    assert client.error("select * from v")["C"] == "42703"
    client.run("alter table t rename column d to a")
    assert client.run("select * from v") == [(1,)]


def test_a_view_of_a_view_follows_the_columns_of_the_table(client: Client, schema: str) -> None:
    client.run("create table t (a int)")
    create_view(client, schema, "inner_view", f"select * from {schema}.t")
    create_view(client, schema, "outer_view", f"select * from {schema}.inner_view")
    client.run("drop table t", "create table t (b varchar(9), c int)", "insert into t values ('x', 1)")
    assert client.run("select * from outer_view") == [("x", 1)]


def test_names_in_a_view_must_have_their_schema(client: Client, schema: str) -> None:
    client.run("create table t (a int)")
    error = client.error(f"create view {schema}.v as select a from t with no schema binding")
    assert error["M"].startswith("All the relation names inside should be qualified")
    assert client.error("select * from v")["C"] == "42P01"


def test_a_new_column_shows_in_a_view_of_all_columns(client: Client, schema: str) -> None:
    client.run("create table t (a int)", "insert into t values (1)")
    create_view(client, schema, "listed", f"select a from {schema}.t")
    create_view(client, schema, "everything", f"select * from {schema}.t")
    client.run("alter table t add column b int default 2")
    assert client.run("select * from everything") == [(1, 2)]
    assert client.run("select * from listed") == [(1,)]


def test_views_on_views_survive_dbts_swap_of_the_lower_one(client: Client, schema: str) -> None:
    client.run("create table t (a int)", "insert into t values (7)")
    for _ in range(2):
        for name, query in (("lower_view", "select a from {}.t"), ("upper_view", "select a from {}.lower_view")):
            create_view(client, schema, f"{name}__dbt_tmp", query.format(schema))
            if client.value(
                f"select count(*) from svv_tables where table_name = '{name}' and table_schema = '{schema}'"
            ):
                client.run(f"alter table {name} rename to {name}__dbt_backup")
            client.run(
                f"alter table {name}__dbt_tmp rename to {name}", f"drop view if exists {name}__dbt_backup cascade"
            )
    assert client.run("select * from upper_view") == [(7,)]


def test_grants_and_owner_survive_a_new_binding(client: Client, schema: str, make_user: Any) -> None:
    reader = make_user()
    user = reader.value("select current_user")
    client.run("create table t (a int)", "insert into t values (1)", f"grant usage on schema {schema} to {user}")
    create_view(client, schema, "v", f"select a from {schema}.t")
    client.run(
        f"grant select on v to {user}", "drop table t", "create table t (a varchar(9))", "insert into t values ('x')"
    )
    assert reader.run(f"select * from {schema}.v") == [("x",)]
    assert reader.error(f"select * from {schema}.t")["C"] == "42501"


def test_a_user_owns_the_view_that_he_creates_and_needs_the_right_to(
    client: Client, schema: str, make_user: Any
) -> None:
    owner = make_user()
    user = owner.value("select current_user")
    client.run(f"grant usage on schema {schema} to {user}")
    assert owner.error(f"create view {schema}.v as select 1 as a with no schema binding")["C"] == "42501"
    client.run(f"grant create on schema {schema} to {user}")
    create_view(owner, schema, "v", "select 1 as a")
    assert owner.run(f"select * from {schema}.v") == [(1,)]
    owner.run(f"drop view {schema}.v")


def test_an_ordinary_view_keeps_its_table_from_being_dropped(client: Client) -> None:
    client.run("create table t (a int)", "create view v as select a from t")
    assert client.error("drop table t")["C"] == "2BP01"
    client.run("drop table t cascade")
    assert client.error("select * from v")["C"] == "42P01"


def test_transactions_that_make_views_anew_at_once_do_not_conflict(
    client: Client, other_client: Client, schema: str
) -> None:
    for name in ("a", "b"):
        client.run(f"create table t{name} (n int)", f"insert into t{name} values (1)")
        client.run(f"create view v{name} as select n from {schema}.t{name} with no schema binding")
    client.run(
        f"create view both_of_them as select a.n from {schema}.va as a inner join {schema}.vb as b on a.n = b.n "
        "with no schema binding"
    )
    at_once = threading.Barrier(2)

    def swap(connection: Client, name: str) -> None:
        """Make a view anew as dbt does."""
        at_once.wait()
        for _ in range(5):
            connection.run(
                "begin",
                f"/* dbt */ create view v{name}__tmp as select n from {schema}.t{name} with no schema binding",
                f"alter table v{name} rename to v{name}__backup",
                f"alter table v{name}__tmp rename to v{name}",
                "commit",
                f"drop view v{name}__backup",
            )

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(swap, (client, other_client), ("a", "b")))
    assert client.run("select n from both_of_them") == [(1,)]
