"""ALERT: the same failure is told once, until something changes or a reminder is due."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.model_warehouse import ModelWarehouse
from transform_lambda import alerts
from transform_lambda.alerts import Alert, LastAlert, fingerprint_of, is_due, read_last
from transform_lambda.dbt_runtime import connected

HOURS = 24


def failing(gate: str = "orders__volume", *files: str, failures: int = 1) -> dict[str, Any]:
    """Return a run's result with one failed gate."""
    return {"failing": [{"gate": gate, "files": list(files), "failures": failures}], "warning": [], "errors": []}


def error(text: str) -> dict[str, Any]:
    """Return a run's result with one error."""
    return {"failing": [], "warning": [], "errors": [text]}


def test_the_same_gates_and_files_are_the_same_whatever_else_the_sweep_found() -> None:
    assert fingerprint_of(failing("g", "b", "a", failures=3)) == fingerprint_of(failing("g", "a", "b", failures=4))


@pytest.mark.parametrize(
    "other", [failing("g", "a", "c"), failing("h", "a", "b"), failing("g", "a"), error("orders: no such column")]
)
def test_another_file_another_gate_and_an_error_are_news(other: dict[str, Any]) -> None:
    assert fingerprint_of(failing("g", "a", "b")) != fingerprint_of(other)


def test_a_gate_that_names_no_file_is_news_when_it_finds_more() -> None:
    assert fingerprint_of(failing("g", failures=1)) != fingerprint_of(failing("g", failures=2))


def test_an_error_is_the_same_whatever_number_or_id_its_text_bears() -> None:
    first = "orders: relation 12 of run 0a1b2c3d-0000-4000-8000-0123456789ab is gone"
    again = "orders: relation 7 of run ffffffff-1111-4000-8000-0123456789ab is gone"
    assert fingerprint_of(error(first)) == fingerprint_of(error(again))
    assert fingerprint_of(error(first)) != fingerprint_of(error("items: relation 12 is gone"))


def test_an_error_is_the_same_whatever_folder_of_dbt_s_own_its_text_bears() -> None:
    first, again = ("dbt: cannot write /tmp/dbt-a1_b2c3d/target/run", "dbt: cannot write /tmp/dbt-xyz_4w5v/target/run")
    assert fingerprint_of(error(first)) == fingerprint_of(error(again))


def test_a_gate_of_which_nothing_more_is_known_is_news_by_its_name() -> None:
    beyond = {**failing("g", "a"), "gates": [{"name": name, "status": "fail"} for name in ("g", "h")]}
    alone = {**failing("g", "a"), "gates": [{"name": "g", "status": "fail"}, {"name": "h", "status": "pass"}]}
    assert fingerprint_of(beyond) != fingerprint_of(alone) == fingerprint_of(failing("g", "a"))


def test_a_file_of_bad_rows_is_news_beside_a_gate_that_failed_before() -> None:
    warned = {"gate": "h", "files": ["c"], "failures": 1}
    assert fingerprint_of(failing("g", "a")) != fingerprint_of({**failing("g", "a"), "warning": [warned]})


def test_what_holds_is_told_again_only_when_a_reminder_is_due() -> None:
    assert not is_due(LastAlert("f", HOURS * 60 - 1), "f", HOURS)
    assert is_due(LastAlert("f", HOURS * 60), "f", HOURS)


@given(st.lists(st.sampled_from(["", "f1", "f2"]), max_size=20))
def test_every_change_is_told_and_nothing_is_told_twice_in_a_row(states: list[str]) -> None:
    told: list[str] = []
    for fingerprint in states:
        last = LastAlert(told[-1], 0) if told else None
        if is_due(last, fingerprint, HOURS):
            told.append(fingerprint)
    failures = [told[place] for place in range(len(told)) if told[place] and told[place - 1 : place] == [told[place]]]
    assert failures == []
    changes = [state for place, state in enumerate(states) if place == 0 or state != states[place - 1] or not state]
    assert told == changes


def test_the_warehouse_remembers_the_last_message_of_each_kind(
    worker_warehouse: ModelWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in worker_warehouse.environment.items():
        monkeypatch.setenv(name, value)
    worker_warehouse.loader.run("delete from ops.alerts")
    told = Alert("transform", "f1", "high", "it's a \\ subject", "run-1", "s3://bucket/report")
    with connected() as query:
        assert read_last(query, "transform") is None
        alerts.record(query, told.to_json())
    with connected() as query:
        last = read_last(query, "transform")
        assert last is not None
        assert (last.fingerprint, last.age_minutes in (0, 1)) == ("f1", True)
        assert read_last(query, "freshness") is None
    assert worker_warehouse.loader.rows("select subject, run_id from ops.alerts") == [("it's a / subject", "run-1")]


def test_of_the_messages_of_one_second_the_one_that_was_sent_last_is_the_last(
    worker_warehouse: ModelWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in worker_warehouse.environment.items():
        monkeypatch.setenv(name, value)
    worker_warehouse.loader.run("delete from ops.alerts")
    with connected() as query:
        for fingerprint in ("f1", "f2", "", "f1"):
            alerts.record(query, Alert("transform", fingerprint, "high", "s", None, "r").to_json())
            last = read_last(query, "transform")
            assert last is not None
            assert last.fingerprint == fingerprint
