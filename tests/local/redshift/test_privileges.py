"""Users, roles, grants and default privileges in Redshift's syntax, enforced."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.redshift.support import Client, drop_owned


def test_a_hashed_password_lets_its_user_in(administrator: Client, facts: dict[str, Any]) -> None:
    name = f"u_{uuid.uuid4().hex[:12]}"
    digest = hashlib.md5(f"Secret99{name}".encode()).hexdigest()  # noqa: S324 - Redshift's own form
    administrator.run(f"create user {name} password 'md5{digest}'")
    user = Client(facts, name, "Secret99")
    assert user.value("select current_user") == name
    user.close()
    administrator.run(f"drop user {name}")


def test_a_user_reads_only_what_is_granted(client: Client, schema: str, make_user: Any) -> None:
    user = make_user()
    name = user.value("select current_user")
    client.run("create table t (a int)", "insert into t values (1)")
    assert user.error(f"select a from {schema}.t")["C"] == "42501"
    client.run(f"grant usage on schema {schema} to {name}", f"grant select on t to {name}")
    assert user.run(f"select a from {schema}.t") == [(1,)]
    assert user.error(f"insert into {schema}.t values (2)")["C"] == "42501"
    client.run(f"revoke select on t from {name}")
    assert user.error(f"select a from {schema}.t")["C"] == "42501"


def test_default_privileges_reach_tables_and_late_binding_views_made_later(
    client: Client, schema: str, make_user: Any
) -> None:
    writer, reader = make_user(), make_user()
    names = writer.value("select current_user"), reader.value("select current_user")
    client.run(f"grant create, usage on schema {schema} to {names[0]}", f"grant usage on schema {schema} to {names[1]}")
    writer.run(f"create table {schema}.before (a int)")
    client.run(f"alter default privileges for user {names[0]} in schema {schema} grant select on tables to {names[1]}")
    writer.run(f"create table {schema}.after (a int)")
    assert reader.run(f"select a from {schema}.after") == []
    assert reader.error(f"select a from {schema}.before")["C"] == "42501"
    writer.run(f"create view {schema}.late as select a from {schema}.before with no schema binding")
    assert reader.run(f"select a from {schema}.late") == []
    client.run(f"revoke select on {schema}.late from {names[1]}")
    writer.run(f"create or replace view {schema}.late as select 1 as a with no schema binding")
    assert reader.error(f"select a from {schema}.late")["C"] == "42501"
    writer.run(f"drop view {schema}.late")
    writer.run(f"drop table {schema}.before", f"drop table {schema}.after")


def test_roles_carry_privileges(client: Client, schema: str, make_user: Any) -> None:
    user = make_user()
    name, role = user.value("select current_user"), f"r_{uuid.uuid4().hex[:12]}"
    client.run("create table t (a int)", f"create role {role}")
    client.run(f"grant usage on schema {schema} to role {role}", f"grant select on table t to role {role}")
    assert user.error(f"select a from {schema}.t")["C"] == "42501"
    client.run(f"grant role {role} to {name}")
    assert user.run(f"select a from {schema}.t") == []
    client.run(f"revoke role {role} from {name}", f"revoke all on t from role {role}")
    client.run(f"revoke usage on schema {schema} from role {role}", f"drop role {role}")


def test_a_schema_may_belong_to_a_user(client: Client, make_user: Any) -> None:
    owner, stranger = make_user(), make_user()
    name = f"s_{uuid.uuid4().hex[:12]}"
    client.run(f"create schema {name} authorization {owner.value('select current_user')} quota unlimited")
    owner.run(f"create table {name}.t (a int)")
    assert stranger.error(f"create table {name}.u (a int)")["C"] == "42501"
    assert stranger.error(f"drop table {name}.t")["C"] == "42501"
    owner.run(f"drop schema {name} cascade")


def test_groups_carry_privileges(client: Client, schema: str, make_user: Any) -> None:
    user = make_user()
    group = f"g_{uuid.uuid4().hex[:12]}"
    client.run("create table t (a int)", f"create group {group} with user {user.value('select current_user')}")
    client.run(f"grant usage on schema {schema} to group {group}", f"grant select on t to group {group}")
    assert user.run(f"select a from {schema}.t") == []
    client.run(f"revoke all on t from group {group}", f"revoke usage on schema {schema} from group {group}")
    client.run(f"drop group {group}")


def test_privileges_are_listed(client: Client, schema: str, make_user: Any) -> None:
    name = make_user().value("select current_user")
    client.run("create table t (a int)", f"grant select on t to {name}")
    assert client.run(
        "select privilege_type, identity_type from svv_relation_privileges "
        f"where namespace_name = '{schema}' and relation_name = 't' and identity_name = '{name}'"
    ) == [("SELECT", "user")]


@pytest.fixture
def identities(client: Client) -> Iterator[dict[str, str]]:
    """A user, a group and a role by these words; dropped at the end, with what was granted to them."""
    names = {kind: f"{kind}_{uuid.uuid4().hex[:12]}" for kind in ("user", "group", "role")}
    client.run(f"create user {names['user']} password disable", f"create group {names['group']}")
    client.run(f"create role {names['role']}")
    yield names
    for name in names.values():
        drop_owned(client.facts, name)
    client.run(*(f"drop {kind} {name}" for kind, name in names.items()))


def test_a_grant_is_told_of_who_has_it_and_whether_he_may_pass_it_on(
    client: Client, schema: str, identities: dict[str, str]
) -> None:
    client.run(
        "create table t (a int, b int)",
        "grant select, insert on t to {user} with grant option, group {group}, role {role}".format(**identities),
        "grant update (b) on t to {user}".format(**identities),
        "grant all on t to public",
    )
    told = "select identity_type, privilege_type, admin_option from svv_relation_privileges where namespace_name"
    assert client.run(f"{told} = '{schema}' and identity_type <> 'public' order by 1, 2") == [
        ("group", "INSERT", False),
        ("group", "SELECT", False),
        ("role", "INSERT", False),
        ("role", "SELECT", False),
        ("user", "INSERT", True),
        ("user", "SELECT", True),
    ]
    assert (
        client.run(f"{told} = '{schema}' and identity_type = 'public' and privilege_type in ('TRIGGER', 'MAINTAIN')")
        == []
    )
    columns = "select column_name, privilege_type, identity_name from svv_column_privileges where namespace_name"
    assert client.run(f"{columns} = '{schema}'") == [("b", "UPDATE", identities["user"])]


def test_roles_and_default_privileges_are_told(client: Client, schema: str, identities: dict[str, str]) -> None:
    other = f"role_{uuid.uuid4().hex[:12]}"
    client.run(
        f"create role {other}",
        f"grant role {identities['role']} to {identities['user']} with admin option, role {other}",
        f"alter default privileges in schema {schema} grant select on tables to group {identities['group']}",
        f"grant create, temp on database landfall to role {identities['role']}",
    )
    user, role, group = identities["user"], identities["role"], identities["group"]
    assert client.run(f"select role_name, admin_option from svv_user_grants where user_name = '{user}'") == [
        (role, True)
    ]
    assert client.run(f"select granted_role_name from svv_role_grants where role_name = '{other}'") == [(role,)]
    defaults = "select object_type, privilege_type, grantee_name, grantee_type from svv_default_privileges"
    assert client.run(f"{defaults} where schema_name = '{schema}'") == [("RELATION", "SELECT", group, "group")]
    assert client.run(
        f"select privilege_type, identity_type from svv_database_privileges where identity_name = '{role}' order by 1"
    ) == [("CREATE", "role"), ("TEMP", "role")]
    assert client.run(f"select groname from pg_group where groname in ('{role}', '{group}')") == [(group,)]
    client.run(f"revoke admin option for role {role} from {user}", f"revoke role {role} from {user}, role {other}")
    assert client.run(f"select role_name from svv_user_grants where user_name = '{user}'") == []
    client.run(f"drop role {other}")


@pytest.mark.parametrize(
    ("grantee", "of"),
    [
        ("{role}", "user"),
        ("{group}", "user"),
        ("role {user}", "role"),
        ("group {role}", "group"),
        ("role nobody", "role"),
    ],
)
def test_who_is_named_must_be_what_the_grant_says(
    client: Client, schema: str, identities: dict[str, str], grantee: str, of: str
) -> None:
    client.run("create table t (a int)")
    for statement in ("grant select on t to {}", "revoke select on t from {}"):
        error = client.error(statement.format(grantee.format(**identities)))
        assert (error["C"], error["M"].split()[0]) == ("42704", of)
    assert client.run(f"select 1 from svv_relation_privileges where namespace_name = '{schema}'") == []


@pytest.mark.parametrize("name", ["x$grant$y", 'x"y$grant$ z', "it's $$ \\ $grant$"])
def test_a_name_of_any_characters_is_a_name(client: Client, schema: str, name: str) -> None:
    """What writes the statement for PostgreSQL takes no part of a name for its own quotes."""
    quoted = '"' + name.replace('"', '""') + '"'
    client.run(f"create table {quoted} (a int)", f"grant select on {quoted} to public")
    asked = f"select relation_name from svv_relation_privileges where namespace_name = '{schema}'"
    assert client.run(asked) == [(name,)]
    client.run(f"revoke select on {quoted} from public")
    assert client.run(asked) == []
    assert client.error(f"grant select on {quoted} to {quoted}")["C"] == "42704"


def test_a_user_without_a_limit_of_connections_and_a_database_with_the_default_collation(client: Client) -> None:
    name = f"u_{uuid.uuid4().hex[:12]}"
    client.run(
        f"create user {name} password disable connection limit 3", f"alter user {name} connection limit unlimited"
    )
    client.run(f"create database {name} with connection limit unlimited collate case_sensitive")
    client.run(f"drop database {name}", f"drop user {name}")


def test_roles_are_told_to_all_users_and_groups_are_none(client: Client, make_user: Any) -> None:
    role, group = f"r_{uuid.uuid4().hex[:12]}", f"g_{uuid.uuid4().hex[:12]}"
    told = f"select role_name, external_id from svv_roles where role_name in ('{role}', '{group}')"
    client.run(f"create role {role}", f"create group {group}")
    try:
        assert client.run(told) == make_user().run(told) == [(role, None)]
    finally:
        client.run(f"drop role {role}", f"drop group {group}")
    assert client.run(told) == []
