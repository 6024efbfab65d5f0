"""Names in double quotes: folded by default, kept as they are where `enable_case_sensitive_identifier` is on.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html, r_names.html
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pytest

from tests.local.redshift.support import Client, Exports, External, Lake, Rows, psycopg2_connection

ON = "set enable_case_sensitive_identifier to true"
OFF = "set enable_case_sensitive_identifier to false"
TABLE = (ON, 'create table "Mixed" ("Id" int, id int)', 'insert into "Mixed" values (1, 2)')


class ReadAnew(Client):
    """A client that sends no statement twice: what its driver has prepared means what it meant then."""

    def run(self, *statements: str) -> Rows:
        return super().run(*(f"/* {uuid.uuid4().hex} */ {statement}" for statement in statements))


@pytest.fixture
def client(facts: dict[str, Any], schema: str) -> Iterator[Client]:
    client = ReadAnew(facts)
    client.run(f"set search_path to {schema}")
    yield client
    client.close()


@pytest.fixture
def simple(facts: dict[str, Any], schema: str) -> Iterator[Any]:
    """A connection that sends simple queries, whose messages may hold several statements."""
    connection = psycopg2_connection(facts, schema)
    yield connection
    connection.close()


def asked(connection: Any, sql: str) -> tuple[list[str], list[Any]]:
    cursor = connection.cursor()
    cursor.execute(sql)
    return [column.name for column in cursor.description or ()], cursor.fetchall() if cursor.description else []


def columns(client: Client, sql: str) -> list[str]:
    cursor = client.connection.cursor()
    cursor.execute(sql)
    return [column[0] for column in cursor.description]


def test_names_of_two_cases_are_two_tables_and_two_columns(client: Client) -> None:
    client.run(*TABLE, "create table Mixed (id int)", "insert into MIXED values (3)")
    assert client.run('select "Id", ID, "id" from "Mixed"') == [(1, 2, 2)]
    assert client.run("select Id from Mixed") == [(3,)]
    assert client.run('select m."Id" + n.id from "Mixed" m join mixed as n on n.id > m."Id"') == [(4,)]
    assert columns(client, 'select "Id", id, "Id" as "Again" from "Mixed"') == ["Id", "id", "Again"]
    assert columns(client, 'select * from "Mixed"') == ["Id", "id"]
    assert client.error('select "Id" from mixed')["C"] == "42703"
    assert client.error('select "ID" from "Mixed"')["C"] == "42703"


def test_a_session_folds_names_again_where_the_setting_is_off(client: Client, other_client: Client) -> None:
    client.run(*TABLE)
    assert client.value("show enable_case_sensitive_identifier") == "on"
    assert client.value("select current_setting('enable_case_sensitive_identifier')") == "on"
    assert other_client.error('select "Id" from "Mixed"')["C"] == "42P01"
    for back in (OFF, "reset enable_case_sensitive_identifier", "reset all", f"{ON[:-4]}default"):
        client.run(ON)
        assert client.run('select "Id" from "Mixed"') == [(1,)]
        client.run(back)
        if back == "reset all":
            client.run(f"set search_path to {client_schema(other_client)}")
        assert client.error('select "Id" from "Mixed"')["C"] == "42P01"
        assert client.value("show enable_case_sensitive_identifier") == "off"


def client_schema(client: Client) -> str:
    return str(client.value("select current_schema()"))


def test_what_is_no_boolean_is_refused(client: Client) -> None:
    assert client.error("set enable_case_sensitive_identifier to perhaps")["C"] == "22023"
    client.run("set enable_case_sensitive_identifier = 'Yes'")
    assert client.value("show enable_case_sensitive_identifier") == "on"


def test_a_session_may_begin_with_it(facts: dict[str, Any], client: Client, schema: str) -> None:
    client.run(*TABLE)
    options = f"-c enable_case_sensitive_identifier=yes -c search_path={schema}"
    connection = psycopg2.connect(
        host=facts["host"], port=facts["wire_port"], dbname=facts["database"], user=facts["admin_user"],
        password=facts["admin_password"], sslmode="disable", options=options,
    )  # fmt: skip
    assert asked(connection, f'select "Id" from {schema}."Mixed"') == (["Id"], [(1,)])
    connection.close()


def test_a_transaction_takes_the_setting_back(client: Client) -> None:
    client.run(*TABLE, OFF)
    client.run("begin", ON)
    assert client.run('select "Id" from "Mixed"') == [(1,)]
    client.run("rollback")
    assert client.error('select "Id" from "Mixed"')["C"] == "42P01"
    client.run("begin", "set local enable_case_sensitive_identifier to on")
    assert client.run('select "Id" from "Mixed"') == [(1,)]
    client.run("commit")
    assert client.error('select "Id" from "Mixed"')["C"] == "42P01"


def test_a_setting_for_one_transaction_ends_with_it(client: Client) -> None:
    client.run("begin", "set local enable_result_cache_for_session to off", "commit")
    assert client.value("show enable_result_cache_for_session") == "on"


def test_a_statement_is_read_anew_by_the_setting(client: Client) -> None:
    client.run(*TABLE, "create table mixed as select 7 as id")
    for _ in range(2):  # the front keeps what it has translated
        client.run(ON)
        assert client.run('select max("Id") from "Mixed"') == [(1,)]
        client.run(OFF)
        assert client.run('select max("Id") from "Mixed"') == [(7,)]


def test_a_prepared_statement_sets_it_whenever_it_runs(other_client: Client) -> None:
    other_client.run(*TABLE, "create table mixed as select 7 as id")
    for number in range(2):  # its driver runs anew what it has prepared, without a word of what that is
        other_client.run(OFF)
        assert other_client.run(f'select max("Id") + {number} from "Mixed"') == [(7 + number,)]
        other_client.run(ON)
        assert other_client.run(f'select {number} + max("Id") from "Mixed"') == [(1 + number,)]


def test_one_message_may_set_it_and_use_it(simple: Any) -> None:
    asked(simple, "; ".join((*TABLE, "create table mixed as select 7 as id")))
    assert asked(simple, 'select "Id" from "Mixed"') == (["Id"], [(1,)])
    assert asked(simple, f'{OFF}; select "Id" from "Mixed"') == (["id"], [(7,)])
    assert asked(simple, f'begin; {ON}; select "Id" from "Mixed"') == (["Id"], [(1,)])
    with pytest.raises(psycopg2.NotSupportedError, match="in a message of its own"):
        asked(simple, 'rollback; select "Id" from "Mixed"')
    asked(simple, "rollback")
    assert asked(simple, 'select "Id" from "Mixed"') == (["id"], [(7,)])
    with pytest.raises(psycopg2.NotSupportedError, match="in a message of its own"):
        asked(simple, 'reset enable_case_sensitive_identifier; select "Id" from "Mixed"')


@pytest.mark.parametrize(("before", "now", "id_"), [(OFF, ON, 1), (ON, OFF, 7)])
def test_a_view_read_behind_a_change_in_its_message_leaves_no_old_setting(
    simple: Any, schema: str, before: str, now: str, id_: int
) -> None:
    asked(simple, "; ".join((*TABLE, "create table mixed as select 7 as id")))
    asked(simple, f'{now}; create view v as select "Id" as n from {schema}."Mixed" with no schema binding')
    asked(simple, before)
    with pytest.raises(psycopg2.NotSupportedError, match="late-binding view"):
        asked(simple, "select * from v")
    assert asked(simple, f"{now}; select * from v") == (["n"], [(id_,)])
    assert asked(simple, 'select max("Id") from "Mixed"')[1] == [(id_,)]
    with pytest.raises(psycopg2.NotSupportedError, match="late-binding view"):
        asked(simple, f"{before}; select * from v")
    assert asked(simple, 'select min("Id") from "Mixed"')[1] == [(id_,)]
    with pytest.raises(psycopg2.NotSupportedError, match="in a message of its own"):
        asked(simple, "reset enable_case_sensitive_identifier; select * from v")


def test_a_message_is_refused_only_behind_what_may_take_the_setting_back(simple: Any) -> None:
    asked(simple, "; ".join((*TABLE, "create table mixed as select 7 as id")))
    read = 'select max("Id") from "Mixed"'
    for end in ("commit", "rollback"):  # what was set and committed before stays
        asked(simple, "begin")
        assert asked(simple, f"{end}; {read}")[1] == [(1,)]
    asked(simple, f"begin; {OFF}")
    assert asked(simple, f"commit; {read}")[1] == [(7,)]
    assert asked(simple, f"begin; {ON}; commit; {read}")[1] == [(1,)]
    for changes, ends in (
        (OFF, "rollback"), (OFF, "abort"), ("set local enable_case_sensitive_identifier to off", "commit"),
        ("set local enable_case_sensitive_identifier to off", "rollback"),
    ):  # fmt: skip
        asked(simple, f"begin; {changes}")
        with pytest.raises(psycopg2.NotSupportedError, match="in a message of its own"):
            asked(simple, f"{ends}; {read}")
        asked(simple, "rollback")
        assert asked(simple, read)[1] == [(1,)]


def test_a_failed_transaction_is_not_asked_for_the_setting_of_what_comes_behind_it(simple: Any) -> None:
    asked(simple, "; ".join((*TABLE, "create table mixed as select 7 as id")))
    with pytest.raises(psycopg2.DataError):
        asked(simple, "begin; select 1 / 0")
    read = 'select max("Id") from "Mixed"'
    with pytest.raises(psycopg2.errors.InFailedSqlTransaction):  # as the front's refusal fails there, too
        asked(simple, f"rollback; {read}")
    asked(simple, "rollback")
    assert asked(simple, read)[1] == [(1,)]
    with pytest.raises(psycopg2.DataError):
        asked(simple, "begin; select 1 / 0")
    assert asked(simple, f"rollback; {read}")[1] == [(1,)]  # known from before


@pytest.mark.parametrize(
    "statement",
    [
        "set redshift.enable_case_sensitive_identifier to on",
        "set session redshift . enable_case_sensitive_identifier = 'on'",
        "set local REDSHIFT.Enable_Case_Sensitive_Identifier to on",
        'set "Redshift"."enable_case_sensitive_identifier" to on',
        'set "redshift.enable_case_sensitive_identifier" to on',
        "reset redshift.enable_case_sensitive_identifier",
        "alter user landfall_admin set redshift.enable_case_sensitive_identifier to on",
        "set redshift.binding to on",
        "create procedure p() as $$ begin null; end $$ language plpgsql set redshift.binding to on",
        "create procedure p() as $$ begin set redshift.enable_case_sensitive_identifier to on; end $$ language plpgsql",
        'create procedure p() as $$ begin reset "redshift.binding"; end $$ language plpgsql',
        "create procedure p() as $$ begin reset all; end $$ language plpgsql",
    ],
)
def test_no_setting_is_changed_by_its_name_in_postgresql(client: Client, simple: Any, statement: str) -> None:
    client.run(*TABLE, OFF, "create table mixed as select 7 as id")
    assert client.run('select max("Id") from "Mixed"') == [(7,)]
    assert client.error(statement)["C"] == "0A000"
    with pytest.raises(psycopg2.NotSupportedError):
        asked(simple, f"select 1; {statement}")
    assert client.value("show enable_case_sensitive_identifier") == "off"
    assert client.run('select min("Id") from "Mixed"') == [(7,)]


def test_session_context_variables_are_set_by_names_of_two_parts(client: Client) -> None:
    """Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CURRENT_SETTING.html."""
    client.run("set app_context.user_id to 'u1'")
    assert client.value("select current_setting('app_context.user_id')") == "u1"


def test_a_failed_message_leaves_the_setting_as_it_was(simple: Any) -> None:
    asked(simple, "create table mixed as select 7 as id")
    with pytest.raises(psycopg2.DataError):
        asked(simple, f"{ON}; select 1 / 0")
    assert asked(simple, 'select "Id" from "Mixed"') == (["id"], [(7,)])


def test_to_ask_for_the_setting_takes_no_snapshot(client: Client, other_client: Client) -> None:
    client.run(*TABLE)
    client.run("begin", ON)
    other_client.run(ON, 'insert into "Mixed" values (5, 6)')
    client.run('update "Mixed" set id = "Id" + 1')  # would fail, or not see the row, had the transaction begun to read
    client.run("commit")
    assert client.run('select "Id", id from "Mixed" order by 1') == [(1, 2), (5, 6)]


def test_commands_keep_the_case(client: Client, schema: str) -> None:
    client.run(
        *TABLE,
        'create table "Keyed" ("Key" int, "To" varchar(9) encode lzo, at int, primary key ("Key"))'
        ' distkey ("Key") sortkey ("To")',
        'alter table "Keyed" add column "More" int',
        'alter table "Keyed" rename column "More" to "Most"',
        'create table "Copied" (like "Keyed")',
        'alter table "Copied" rename to "Renamed"',
        'comment on column "Keyed"."To" is \'text\'',
        'create view "View" as select "Id" as "N" from "Mixed"',
        'create temp table "#Temporary" as select 1 as "One"',
        'create table #Temporary as select 2 as "Two"',
        'insert into "Keyed" ("Key", "To") values (1, \'a\')',
        'update "Keyed" set "To" = \'b\' where "Key" = 1',
        'merge into "Keyed" using "Mixed" as "M" on "Keyed"."Key" = "M"."Id"'
        " when matched then update set \"To\" = 'c' when not matched then insert values (2, 'd', 1, 2)",
    )
    found = client.run(
        'select "column", encoding, distkey, sortkey from pg_table_def where schemaname = current_schema()'
        " and tablename = 'Keyed' order by 1"
    )
    assert [row[0] for row in found] == ["Key", "Most", "To", "at"]
    assert [row[2:] for row in found if row[0] in ("Key", "To")] == [(True, 0), (False, 1)]
    assert client.run('select "Key", "To" from "Keyed"') == [(1, "c")]
    assert client.run('select "N" from "View"') == [(1,)]
    assert client.run('select "One" from "#Temporary"') == [(1,)]
    assert client.run('select "Two" from #TEMPORARY') == [(2,)]
    assert columns(client, 'select * from "Renamed"') == ["Key", "To", "at", "Most"]
    assert 'primary key ("Key")' in client.value(f'show table {schema}."Keyed"')
    assert [row[3] for row in client.run(f'show columns from table landfall.{schema}."Mixed"')] == ["Id", "id"]
    client.run('drop view "View"', 'drop table "Keyed"')
    assert client.error('select 1 from "Keyed"')["C"] == "42P01"


def test_a_key_in_quotes_is_told_whatever_its_name(client: Client) -> None:
    client.run('create table k ("group" int primary key, "Sold" int encode raw distkey, b int)')
    told = (
        "select \"column\", encoding, distkey from pg_table_def where schemaname = current_schema() and tablename = 'k'"
    )
    assert client.run(f"{told} order by 1")[2] == ("sold", "none", True)
    assert 'primary key ("group")' in client.value(f"show table {client_schema(client)}.k")
    error = client.error(ON, 'create table n ("A" int, a int not null)', 'alter table n add primary key ("A")')
    assert (error["C"], '"A"' in error["M"]) == ("42P16", True)
    client.run("alter table n add primary key (A)")


def test_attributes_of_super_are_found_by_their_case(client: Client) -> None:
    """Source: https://docs.aws.amazon.com/redshift/latest/dg/super-configurations.html."""
    client.run('create table s as select json_parse(\'{"Name": 1, "name": 2}\') as c')
    assert client.run('select c."Name"::int, c.name::int from s') == [(2, 2)]
    client.run(ON)
    assert client.run('select c."Name"::int, c.Name::int, s.c."Name"::int from s') == [(1, 2, 1)]


def test_views_keep_what_their_names_meant(client: Client) -> None:
    client.run(*TABLE, 'create view kept as select "Id" from "Mixed"', OFF)
    assert client.run("select * from kept") == [(1,)]
    client.run(ON, 'create materialized view made as select "Id" as "M" from "Mixed"', OFF)
    client.run("refresh materialized view made")
    assert client.run("select * from made") == [(1,)]
    assert client.error('select "M" from made')["C"] == "42703"


def test_a_late_binding_view_is_bound_again_by_case(client: Client, schema: str) -> None:
    client.run(*TABLE, f'create view "Late" as select "Id" from {schema}."Mixed" with no schema binding')
    assert client.run('select * from "Late"') == [(1,)]
    client.run('drop table "Mixed"', "create table mixed as select 5 as id")
    assert client.error('select * from "Late"')["C"] == "42P01"
    client.run('create table "Mixed" as select 6 as "Id"')
    assert client.run('select "Id" from "Late"') == [(6,)]


def test_a_late_binding_view_is_read_by_the_setting_that_it_was_made_with(client: Client, schema: str) -> None:
    client.run(
        *TABLE,
        f'create view kept as select "Id" from {schema}."Mixed" with no schema binding',
        f'create view plain as select "id" as n, \'"A"\' as t from {schema}.mixed with no schema binding',
        OFF,
        "create table mixed as select 7 as id",
        f'create view made as select "Id" from {schema}."Mixed" with no schema binding',
    )
    assert client.run("select n, t, id from plain, made") == [(7, '"A"', 7)]
    for reads in ("select * from kept", "create view over as select * from kept", "select 1 from made, kept"):
        error = client.error(reads)
        assert (error["C"], '"kept"' in error["M"]) == ("0A000", True)
    client.run(ON, "insert into mixed values (8)", "create or replace view over as select * from kept")
    assert client.run("select * from kept") == [(1,)]
    assert client.run("select count(*) from plain") == [(2,)]
    assert '"made"' in client.error("select * from made")["M"]
    client.run(f'create or replace view kept as select "id" from {schema}."mixed" with no schema binding', OFF)
    assert client.run("select max(id) from kept") == [(8,)]


def test_a_late_binding_view_is_held_to_its_setting_in_an_unload_and_beneath_an_external_view(
    client: Client, schema: str, external: External, exports: Exports
) -> None:
    client.run(
        *TABLE,
        f'create view kept as select "Id" as n from {schema}."Mixed" with no schema binding',
        external.create("t", "a int"),
        f"create view over as select k.n, t.a from {schema}.kept k left join {external.name}.t on t.a = k.n"
        " with no schema binding",
    )
    assert client.run("select * from over") == [(1, None)]
    client.run(exports.unload(f"select * from {schema}.kept", "header parallel off", form="csv"))
    written = exports.listed()
    assert len(written) == 1
    client.run(OFF)
    for reads in ("select * from over", exports.unload(f"select * from {schema}.kept", below="other/", form="csv")):
        error = client.error(reads)
        assert (error["C"], '"kept"' in error["M"]) == ("0A000", True)
    assert exports.listed() == written


def test_bodies_are_folded_and_none_keeps_a_case(client: Client) -> None:
    client.run(
        "create table mixed as select 7 as id",
        'create function f() returns int stable as $$ select max("Id") from "Mixed" $$ language sql',
        'create procedure p() as $$ begin insert into "Mixed" ("ID") values (8); end $$ language plpgsql',
        "call p()",
    )
    assert client.value("select f()") == 8
    body = "select max(\"Id\") from \"Mixed\" where ''\"A\"'' like ''_A_''"
    client.run(f"create function g() returns int stable as '{body}' language sql")
    assert client.value("select g()") == 8
    made = 'create procedure q() as $$ begin insert into "Mixed" ("ID") values (8); end $$ language plpgsql'
    assert "keeps its case" in client.error(ON, made)["M"]
    client.run(made.replace('"Mixed" ("ID")', '"mixed" (ID)'))
    body = "create procedure r() as $$ begin set enable_case_sensitive_identifier to on; end $$ language plpgsql"
    assert "enable_case_sensitive_identifier" in client.error(body)["M"]


def test_a_user_keeps_the_case_of_his_name(client: Client, facts: dict[str, Any], schema: str) -> None:
    name = f"User_{uuid.uuid4().hex[:8]}"
    client.run(f"create user \"{name}\" password 'Passw0rd'", "create table t (a int)")
    try:
        client.run(
            f'grant usage on schema "{schema.upper()}" to "{name}"', f'grant select on "T" to "{name}"',
            f"alter user \"{name}\" set enable_case_sensitive_identifier to true",
        )  # fmt: skip
        user = Client(facts, name, "Passw0rd")
        assert user.value("show enable_case_sensitive_identifier") == "on"
        assert user.run(f'select "a" from {schema}.t') == []
        assert user.error(f'select "A" from {schema}.t')["C"] == "42703"
        user.run(f'alter user "{name}" reset enable_case_sensitive_identifier')
        user.close()
        user = Client(facts, name, "Passw0rd")
        assert user.run(f'select "A" from {schema}."T"') == []
        user.close()
        assert client.error(f"drop user {name}")["C"] == "42704"
    finally:
        client.run(f'revoke all on "T" from "{name}"', f'revoke all on schema {schema} from "{name}"')
        client.run(f'drop user "{name}"')


def test_copies_and_unloads_keep_the_case(client: Client, schema: str, lake: Lake, exports: Exports) -> None:
    client.run(ON, 'create table "Loaded" ("Id" int, "Text" varchar(9), id int)')
    key = f"{uuid.uuid4().hex}.json"
    lake.s3.put_object(Bucket=lake.bucket, Key=key, Body=json.dumps({"Id": 1, "Text": "a", "id": 2}).encode())
    copy = f"from 's3://{lake.bucket}/{key}' iam_role '{lake.role}' json"
    client.run(f"copy {schema}.\"Loaded\" {copy} 'auto'", f'copy {schema}."Loaded" ("Id", "Text") {copy} \'auto\'')
    assert client.run('select "Id", "Text", id from "Loaded" order by 3') == [(1, "a", 2), (1, "a", None)]
    query = f'select "Id", id as "Second" from {schema}."Loaded" where id = 2'
    client.run(exports.unload(query, "header parallel off", form="csv"))
    assert [exports.body(key) for key in exports.listed()] == [b"Id,Second\n1,2\n"]
    query = f'select "Id" as "Part,", id as "part,", "Text" from {schema}."Loaded" where id = 2'
    client.run(exports.unload(query, 'partition by ("Part,")', "p/"))
    assert {key.split("/")[1] for key in exports.listed() if key.startswith("p/")} == {"Part,=1"}


def test_an_unload_folds_its_query(client: Client, schema: str, exports: Exports) -> None:
    client.run("create table mixed as select 1 as id")
    query = rf"""select "Id" as "N", '"X\\\\' as t from {schema}."Mixed" """
    client.run(exports.unload(query, "header parallel off", form="csv"))
    assert [exports.body(key) for key in exports.listed()] == [b'n,t\n1,"""X\\"\n']


def test_names_of_external_tables_have_no_case(client: Client, external: External) -> None:
    client.run(external.create('"plain"', '"A" int'))
    assert client.run(f'select "A" from {external.name}."PLAIN"') == []
    client.run(ON)
    assert client.run(f'select "a" from {external.name}."plain"') == []
    for refused in (
        external.create('"Mixed"', "a int"),
        external.create("mixed", '"A" int'),
        f'drop table {external.name}."Plain"',
        f'select a from {external.name}."Plain"',
    ):
        error = client.error(refused)
        assert (error["C"], "keep their case" in error["M"]) == ("0A000", True)
    assert client.error(f'select "A" from {external.name}.plain')["C"] == "42703"
