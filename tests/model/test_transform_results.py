"""GATE: from dbt's results to outcome, models, gates and explanations."""

import json
from collections.abc import Iterable
from types import SimpleNamespace as Object
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transform_lambda.alerts import fingerprint_of
from transform_lambda.examples import BYTES_LIMIT, GATE_LIMIT, explain, key_of, within
from transform_lambda.results import (
    NODE_LIMIT,
    Outcome,
    errors_of,
    failed_gates,
    gates_of,
    models_of,
    outcome_of,
)
from transform_lambda.validation import count_records, summed, validation_report
from transform_lambda.withheld import WITHHELD, kind_of

STATUSES = ["success", "pass", "warn", "skipped", "no-op", "fail", "error", "runtime error", "partial success"]


def result(kind: str = "model", status: str = "success", **changes: Any) -> Any:
    """Return what dbt answers for one node."""
    config = Object(severity="ERROR", meta={})
    node = Object(name="orders", unique_id="a node", resource_type=kind, config=config, compiled_code="select 1 as a;")
    known = {"message": None, "failures": None, "adapter_response": {"rows_affected": 3}}
    return Object(node=node, status=status, **(known | changes))


@given(st.lists(st.sampled_from(STATUSES)), st.booleans())
def test_broken_outweighs_gated_and_gated_outweighs_success(statuses: list[str], success: bool) -> None:
    outcome = outcome_of(statuses, is_success=success)
    if {"error", "runtime error", "partial success"} & set(statuses):
        assert outcome is Outcome.ERROR
    elif "fail" in statuses:
        assert outcome is Outcome.GATE_FAILED
    else:
        assert outcome is (Outcome.SUCCEEDED if success else Outcome.ERROR)


def test_a_warning_is_a_success() -> None:
    assert outcome_of(["success", "warn"], is_success=True) is Outcome.SUCCEEDED


@pytest.mark.parametrize(("rows", "shown"), [(3, 3), (0, 0), (-1, None), (None, None)])
def test_rows_are_unknown_where_the_adapter_gives_no_number(rows: int | None, shown: int | None) -> None:
    (model,) = models_of([result(adapter_response={"rows_affected": rows}), result("test"), result("operation")], {})
    assert model == {"name": "orders", "status": "success", "rows_affected": shown}


def test_the_warehouse_s_count_of_an_upsert_replaces_the_adapter_s() -> None:
    (model,) = models_of([result(adapter_response={"rows_affected": -1})], {"orders": 12})
    assert model["rows_affected"] == 12


def test_a_gate_shows_its_severity_in_lower_case_and_its_message_only_when_it_did_not_pass() -> None:
    passed, failed = gates_of(
        [result("test", "pass", failures=0, message="ok"), result("test", "fail", failures=2, message="Got 2 results")]
    )
    assert passed == {"name": "orders", "status": "pass", "severity": "error", "failures": 0}
    assert failed["message"] == "Got 2 results"


def test_a_hook_that_breaks_is_an_error_and_neither_model_nor_gate() -> None:
    hook = [result("operation", "error")]
    assert outcome_of([entry.status for entry in hook], is_success=False) is Outcome.ERROR
    assert models_of(hook, {}) == gates_of(hook) == []


def test_an_explanation_shows_three_rows_and_asks_for_the_files_where_the_gate_names_them() -> None:
    asked = []

    def query(sql: str) -> list[dict[str, Any]]:
        asked.append(sql)
        if "distinct" in sql:
            return [{"_source_file": "s3://bucket/raw/x.parquet"}]
        return [{"order_id": "o-1", "_source_file": "s3://bucket/raw/x.parquet"}]

    (explained,) = explain(query, [result("test", "fail", failures=1)])
    assert explained["files"] == ["s3://bucket/raw/x.parquet"]
    assert explained["examples"] == [{"order_id": "o-1", "_source_file": "s3://bucket/raw/x.parquet"}]
    assert explained["remedy"] == ["landfall undo raw/x.parquet", "landfall transform --wait"]
    assert len(asked) == 2


def test_a_gate_that_names_no_files_is_explained_without_them() -> None:
    (explained,) = explain(lambda _sql: [{"loads": 3}], [result("test", "fail", failures=1)])
    assert explained["files"] == []
    assert explained["examples"] == [{"loads": 3}]


def test_a_gate_s_own_advice_comes_first() -> None:
    failed = result("test", "fail", failures=1)
    failed.node.config.meta = {"remedy": "deliver the rates of the day"}
    (explained,) = explain(lambda _sql: [], [failed])
    assert explained["remedy"][0] == "deliver the rates of the day"


def test_a_gate_s_own_words_go_with_what_it_found() -> None:
    warned = result("test", "warn", failures=1)
    warned.node.config.meta = {"says": "Rows are lost.", "subject": "rows lost"}
    (explained,) = explain(lambda _sql: [], [warned])
    assert (explained["says"], explained["subject"]) == ("Rows are lost.", "rows lost")


@pytest.mark.parametrize(
    ("status", "advice", "remedy"),
    [
        ("fail", None, ["landfall undo raw/x", "landfall transform --wait"]),
        ("warn", None, []),
        ("warn", "landfall undo {file}", ["landfall undo raw/x", "landfall transform --wait"]),
    ],
)
def test_an_undo_is_advised_where_a_gate_stopped_something_or_says_so_itself(
    status: str, advice: str | None, remedy: list[str]
) -> None:
    found = result("test", status, failures=1)
    found.node.config.meta = {"says": "Look at this.", "remedy": advice}
    (explained,) = explain(lambda _sql: [{"_source_file": "s3://bucket/raw/x"}], [found])
    assert explained["remedy"] == remedy
    assert ("says" in explained) == (status == "warn")


SENSITIVE = {"a node"}
VALUE = "patient-of-nobody"
ROW = {
    "patient_key": VALUE,
    "reject_reason": "patient_key_too_long",
    "row_status": "quarantined",
    "_source_file": "s3://bucket/raw/x",
    "_row_number": 7,
}


def test_of_a_sensitive_dataset_an_explanation_has_file_place_and_reason_and_no_value() -> None:
    (explained,) = explain(lambda _sql: [ROW], [result("test", "fail", failures=1)], SENSITIVE)
    assert explained["examples"] == [{name: value for name, value in ROW.items() if value != VALUE}]
    assert explained["remedy"][0] == "landfall undo raw/x"
    assert "sensitive" in explained["note"]
    assert VALUE not in json.dumps(explained)
    (explained,) = explain(lambda _sql: [ROW], [result("test", "fail", failures=1)])
    assert VALUE in json.dumps(explained["examples"])


def test_a_gate_that_shows_no_values_is_shown_whole() -> None:
    found = {"column_name": "note", "declared_type": "integer", "found_type": "no such column"}
    failed = result("test", "fail", failures=1)
    failed.node.test_metadata = Object(name="schema")
    (explained,) = explain(lambda _sql: [found], [failed], SENSITIVE)
    assert explained["examples"] == [found]


@pytest.mark.parametrize("status", ["error", "runtime error"])
def test_of_a_sensitive_dataset_no_words_of_the_database_are_told(status: str) -> None:
    broken = result(status=status, message=f"Database Error in model x\n  invalid digit, Value '{VALUE}'")
    gate = result("test", status, message=broken.message)

    def breaks(_sql: str) -> list[dict[str, Any]]:
        raise RuntimeError(broken.message)

    told = [errors_of([broken], SENSITIVE), models_of([broken], {}, SENSITIVE), gates_of([gate], SENSITIVE)]
    told.append(explain(breaks, [result("test", "fail", failures=1)], SENSITIVE))
    assert [VALUE in json.dumps(each) for each in told] == [False] * 4
    assert errors_of([broken], SENSITIVE)[0].startswith(f"orders: {WITHHELD}")
    assert VALUE in errors_of([broken])[0]


def told_of(*messages: str) -> set[str]:
    """Return by which fingerprints errors of one model of a sensitive dataset are told."""
    broken = [result(status="error", message=f"Database Error in model x (x.sql)\n  {said}") for said in messages]
    errors = [errors_of([each], SENSITIVE) for each in broken]
    return {fingerprint_of({"failing": [], "warning": [], "errors": each}) for each in errors}


def test_another_error_of_a_model_of_a_sensitive_dataset_is_news_although_neither_is_told() -> None:
    messages = [
        f"Invalid digit, Value '{VALUE}', Pos 0, Type: Integer",
        "value too long for type character varying(64)",
        "division by zero",
        'column "a" does not exist',
        'column "of_a_release_before" does not exist',
        "-----------------------------------------------\n  error:  Numeric data overflow\n  code:      1058",
        "-----------------------------------------------\n  error:  Numeric data overflow\n  code:      1059",
    ]
    assert len(told_of(*messages)) == len(messages)


@given(st.text(st.characters(exclude_categories=["C"]), max_size=30), st.integers(0))
def test_what_is_told_of_such_an_error_depends_on_no_value(value: str, place: int) -> None:
    for words in ("invalid digit, Value '{}', Pos {}", 'invalid input syntax for type integer: "{}" ({})'):
        said = f"Database Error in model x (x.sql)\n  {words}"
        kinds = {kind_of(said.format(each, at), "select 1") for each, at in ((value, place), (f"{value}\nof it", 0))}
        assert kinds == {kind_of(said.format("Smith", 7), "select 1")}


def test_of_a_sensitive_dataset_too_it_is_told_what_is_wrong_with_the_project() -> None:
    refused = result(status="error", message="Compilation Error in model x\n  name `merge` in its UPSERT")
    assert "name `merge`" in errors_of([refused], SENSITIVE)[0]


@given(st.permutations(range(GATE_LIMIT + 3)))
def test_many_failed_gates_are_the_same_alert_in_whatever_order_they_end(order: list[int]) -> None:
    """Their files are more than travels, so that some gates lose theirs."""

    def query(sql: str) -> list[dict[str, Any]]:
        files = [f"s3://bucket/raw/{number}/{'x' * 900}" for number in range(20)]
        return [{"_source_file": file} for file in (files if "distinct" in sql else files[:3])]

    def fingerprint(numbers: Iterable[int]) -> str:
        found = [result("test", "fail", failures=number) for number in numbers]
        for each in found:
            each.node.name = f"gate_{each.failures:03}"
        explained = explain(query, failed_gates(found))
        assert any(not gate["files"] for gate in explained)
        return fingerprint_of({"failing": explained, "warning": [], "errors": [], "gates": gates_of(found)})

    assert fingerprint(order) == fingerprint(range(GATE_LIMIT + 3)) != fingerprint(range(GATE_LIMIT + 2))


def test_where_there_are_many_gates_those_that_passed_are_left_out() -> None:
    gates = [result("test", "pass", failures=0)] * NODE_LIMIT + [result("test", "fail", failures=1)]
    assert [gate["status"] for gate in gates_of(gates)] == ["fail", *["pass"] * (NODE_LIMIT - 1)]


@pytest.mark.parametrize("folder", ["dbt-a1b2c3d4", "dbt-other_one"])
def test_an_error_is_told_without_the_folder_of_the_function_that_met_it(folder: str) -> None:
    said = "Database Error in model orders (models/orders.sql)\n  no such column" + " and more" * 24
    broken = result(status="error", message=f"{said}\n  compiled code at /tmp/{folder}/target/run/models/orders.sql")
    assert errors_of([broken]) == [f"orders: {said}"]


@pytest.mark.parametrize(
    ("status", "is_stopped"), [("success", False), ("unchanged", False), ("skipped", True), ("error", True)]
)
def test_records_whose_upsert_did_not_end_well_are_of_a_stopped_dataset(status: str, is_stopped: bool) -> None:
    checked, upsert = result(), result(status=status)
    checked.node.name = "int_orders__checked"
    for each, folder in ((checked, "gate"), (upsert, "modeled")):
        each.node.fqn = ["landfall", folder, each.node.name]
        each.node.config.meta = {"entity": "orders"}
    row = {"dataset": "order_summary", "entity": "orders", "total": 2, "valid": 2, "error": 0}
    (counted,) = count_records(lambda _sql: [row], [checked, upsert], "run-1")
    assert counted == {**row, "is_stopped": is_stopped}
    report = validation_report(summed([counted])[0], "s3://bucket/report")
    assert report["validation_status"] == ("failed" if is_stopped else "passed")


def test_an_explanation_that_breaks_keeps_the_verdict() -> None:
    def query(_sql: str) -> list[dict[str, Any]]:
        raise RuntimeError("the table is gone")

    (explained,) = explain(query, [result("test", "fail", failures=4)])
    assert explained["failures"] == 4
    assert "the table is gone" in explained["note"]


@given(st.lists(st.text(max_size=2000), max_size=30), st.integers(0, BYTES_LIMIT))
def test_explanations_never_exceed_their_bound(values: list[str], limit: int) -> None:
    gates = [{"gate": "g", "files": [value], "examples": [{"v": value}] * 3, "remedy": [value]} for value in values]
    kept = within(limit, gates)
    assert sum(len(json.dumps(gate).encode()) for gate in kept) <= limit
    assert [gate["gate"] for gate in kept] == ["g"] * len(kept)


@given(st.text(min_size=1).filter(lambda key: not key.startswith("/")))
def test_the_key_in_an_address_survives_every_character(key: str) -> None:
    assert key_of(f"s3://a-bucket/{key}") == key
