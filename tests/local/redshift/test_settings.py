"""SET, RESET and SHOW know the parameters of Redshift's documentation, and what drivers send; no others."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pytest

from local.redshift.settings import SETTINGS
from tests.local.redshift.support import Client, psycopg2_connection

UNKNOWN, INVALID, NOT_OFFERED = "42704", "22023", "0A000"

# a statement that is refused, its SQLSTATE, and one near to it that is taken
CASES = [
    ("set enable_seqscan to off", UNKNOWN, "set enable_result_cache_for_session to off"),
    ("set session_replication_role to replica", UNKNOWN, "set session query_group to 'replica'"),
    ("set local row_security to off", UNKNOWN, "set local statement_timeout to 1000"),
    ("reset work_mem", UNKNOWN, "reset wlm_query_slot_count"),
    ("show work_mem", UNKNOWN, "show wlm_query_slot_count"),
    ("show server_version", UNKNOWN, "show standard_conforming_strings"),
    ("select current_setting('work_mem')", UNKNOWN, "select current_setting('wlm_query_slot_count')"),
    ("select current_setting('work' || '_mem')", UNKNOWN, "select current_setting('wlm_query' || '_slot_count')"),
    ("select current_setting('app' || '.unset')", UNKNOWN, "select current_setting('app' || '.unset', false)"),
    ("select current_setting('query' || '_group', false)", INVALID, "select current_setting('query' || '_group')"),
    ("select current_setting('app.unset')", UNKNOWN, "select current_setting('app.unset', false)"),
    ("select current_setting('query_group', false)", INVALID, "select current_setting('query_group')"),
    ("set standard_conforming_strings to on", "55P02", "set datestyle to 'SQL,DMY'"),
    ("set wlm_query_slot_count to 51", INVALID, "set wlm_query_slot_count to 50"),
    ("set wlm_query_slot_count to 'on'", INVALID, "set wlm_query_slot_count to '2'"),
    ("set analyze_threshold_percent to 100.5", INVALID, "set analyze_threshold_percent to 0.01"),
    ("set extra_float_digits to 3", INVALID, "set extra_float_digits to -15"),
    ("set statement_timeout to '5s'", INVALID, "set statement_timeout = 5000"),
    ("set enable_result_cache_for_session to 2", INVALID, "set enable_result_cache_for_session to 'TRUE'"),
    ("set stored_proc_log_min_messages to debug", INVALID, "set stored_proc_log_min_messages to 'NOTICE'"),
    ("set describe_field_name_in_uppercase to on", NOT_OFFERED, "set describe_field_name_in_uppercase to off"),
    ("set error_on_nondeterministic_update to true", NOT_OFFERED, "set error_on_nondeterministic_update to default"),
    ("set spectrum_query_maxerror to 1", NOT_OFFERED, "set spectrum_query_maxerror to -1"),
    ('set interval_forbid_composite_literals to "false"', NOT_OFFERED, "set interval_forbid_composite_literals to on"),
    ("set default_array_search_null_handling to false", NOT_OFFERED, "set default_array_search_null_handling to TRUE"),
    ("set role analyst", NOT_OFFERED, "set datashare_break_glass_session_var to '620c871f890c49'"),
    ("set session role analyst", NOT_OFFERED, "set session query_group to 'role'"),
    ('use "other"', NOT_OFFERED, "set query_group to 'use'"),
    ("reset use", NOT_OFFERED, "reset query_group"),
    ("show use", NOT_OFFERED, "show query_group"),
    ('set "app".user_id to 1', "42602", "set app.user_id to 1"),
    (
        "create procedure p() as $$ begin null; end $$ language plpgsql set enable_seqscan to off",
        UNKNOWN,
        "create procedure p() as $$ begin null; end $$ language plpgsql set query_group to 'p'",
    ),
]


@pytest.mark.parametrize(("refused", "sqlstate", "taken"), CASES, ids=[case[0][:60] for case in CASES])
def test_a_parameter_that_no_page_names_is_refused_and_its_neighbour_is_not(
    client: Client, refused: str, sqlstate: str, taken: str
) -> None:
    client.run("begin")
    assert client.error(refused)["C"] == sqlstate
    client.run("rollback", "begin", taken, "rollback")


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - {"seed"}))
def test_each_parameter_is_shown_under_its_name(client: Client, name: str) -> None:
    cursor = client.connection.cursor()
    cursor.execute(f"show {name}")
    assert [cursor.description[0][0].lower(), len(cursor.fetchall())] == [name, 1]


# https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html, the parameters in its order
REFERENCE = """
analyze_threshold_percent cast_super_null_on_error datashare_break_glass_session_var datestyle
default_array_search_null_handling default_geometry_encoding describe_field_name_in_uppercase
downcase_delimited_identifier enable_case_sensitive_identifier enable_case_sensitive_super_attribute
enable_numeric_rounding enable_result_cache_for_session enable_vacuum_boost error_on_nondeterministic_update
extra_float_digits interval_forbid_composite_literals json_serialization_enable
json_serialization_parse_nested_strings max_concurrency_scaling_clusters max_cursor_result_set_size
mv_enable_aqmv_for_session navigate_super_null_on_error parse_super_null_on_error pg_federation_repeatable_read
query_group search_path spectrum_enable_pseudo_columns enable_spectrum_oid spectrum_query_maxerror statement_timeout
stored_proc_log_min_messages timezone wlm_query_slot_count
"""


def test_the_table_has_each_parameter_of_the_configuration_reference() -> None:
    of_reference = {name for name, each in SETTINGS.items() if each.page.startswith(("r_", "max_")) and name != "seed"}
    assert of_reference - {"session_authorization"} == set(REFERENCE.split())


def test_a_setting_is_looked_up_by_a_name_that_is_known_when_it_runs(client: Client) -> None:
    client.run("set query_group to 'nightly'", "set app.job to 'seven'")
    for name, value in (("query_group", "nightly"), ("APP.Job", "seven"), ("Query_Group", "nightly")):
        assert client.value(f"select current_setting('{name[:4]}' || '{name[4:]}')") == value
        client.run("prepare asked (varchar) as select current_setting($1)")
        assert client.value(f"execute asked ('{name}')") == value
        client.run("deallocate asked")
    assert client.value("select current_setting('search' || '_path')") == client.value("show search_path")
    assert client.value("select current_setting(null::varchar)") is None


def test_what_is_set_is_shown_until_it_is_reset(client: Client) -> None:
    for name, value in (("query_group", "nightly"), ("wlm_query_slot_count", "3"), ("enable_vacuum_boost", "true")):
        before = client.value(f"show {name}")
        client.run(f"set {name} to '{value}'")
        assert client.value(f"show {name}") == client.value(f"select current_setting('{name}')") == value != before
        client.run(f"reset {name}")
        assert client.value(f"show {name}") == before
    client.run("begin", "set local query_group to 'once'", "commit")
    assert client.value("show query_group") == "default"


def test_show_all_tells_what_can_be_set_and_nothing_of_postgresql(client: Client) -> None:
    shown: dict[str, str] = dict(client.run("show all"))
    assert shown["wlm_query_slot_count"] == "1"
    assert shown["timezone"] == "UTC"
    assert set(shown) <= set(SETTINGS)


@pytest.fixture
def user(administrator: Client, facts: dict[str, Any]) -> Iterator[str]:
    name = f"u_{uuid.uuid4().hex[:12]}"
    administrator.run(f"create user {name} password 'Abcdefg1'")
    yield name
    administrator.run(f"drop user {name}")


def test_a_users_parameter_holds_in_his_sessions(administrator: Client, facts: dict[str, Any], user: str) -> None:
    def shown() -> Any:
        client = Client(facts, user, "Abcdefg1")
        value = client.value("show query_group")
        client.close()
        return value

    administrator.run(f"alter user {user} set query_group to 'his'")
    assert shown() == "his"
    administrator.run(f"alter user {user} reset query_group")
    assert shown() == "default"
    assert administrator.error(f"alter user {user} set enable_seqscan to off")["C"] == UNKNOWN
    assert administrator.error(f"alter user {user} set wlm_query_slot_count to 51")["C"] == INVALID


@pytest.mark.parametrize(
    "statement",
    [
        "set session characteristics as transaction isolation level read committed",
        "set default_transaction_isolation to 'read committed'",
        "set session characteristics as transaction isolation level read uncommitted, read write",
    ],
)
def test_an_isolation_level_has_no_operational_impact(client: Client, other_client: Client, statement: str) -> None:
    client.run("create table t (a int)", statement, "begin", "select * from t")
    other_client.run("insert into t values (1)")
    assert client.run("select * from t") == []  # its snapshot holds until it ends
    client.run("commit")
    assert client.run("select * from t") == [(1,)]


def test_a_transaction_that_is_set_to_only_read_does_not_write(client: Client) -> None:
    client.run("create table t (a int)", "begin", "set transaction isolation level serializable read only")
    assert client.error("insert into t values (1)")["C"] == "25006"
    client.run("rollback")
    assert client.value("select count(*) from t") == 0


def test_what_drivers_send_at_connection_is_taken(facts: dict[str, Any]) -> None:
    connection = psycopg2_connection(facts)
    connection.set_client_encoding("UTF8")
    connection.set_session(isolation_level="SERIALIZABLE", readonly=False, autocommit=True)
    with connection.cursor() as cursor:
        for statement in (
            "show standard_conforming_strings",  # SQLAlchemy
            "show transaction isolation level",  # pgjdbc, SQLAlchemy
            "SET extra_float_digits = 2",  # pgjdbc of a server of 8.0, psqlODBC
            "SET application_name = 'driver'",  # pgjdbc
            "SET DateStyle = 'ISO'",  # psqlODBC
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",  # pgjdbc
            "SET NAMES 'UTF8'",
        ):
            cursor.execute(statement)
        with pytest.raises(psycopg2.errors.UndefinedObject):
            cursor.execute("set geqo to off")
    connection.close()
