"""MODEL: a build that is repeated after an error is one run with its first attempt. Pure."""

from typing import Any

from transform_lambda.merge import repeated

ADDED = {"orders": "orders", "int_orders__checked": "orders"}


def result(**found: Any) -> dict[str, Any]:
    """Return the result of one attempt that found nothing, unless a test says so."""
    lists: dict[str, Any] = {name: [] for name in ("models", "gates", "records", "failing", "warning", "errors")}
    about = {"run_id": "r", "run_ids": ["r"], "outcome": "succeeded", "started_at": "1", "ended_at": "2"}
    return {**about, **lists, **found}


def model(name: str, status: str = "success", rows: int | None = None) -> dict[str, Any]:
    """Return how a model ended."""
    return {"name": name, "status": status, "rows_affected": rows}


def gate(name: str, status: str) -> dict[str, Any]:
    """Return how a gate ended."""
    return {"name": name, "status": status}


def records(total: int, entity: str = "orders") -> dict[str, Any]:
    """Return a count of records, all of them valid."""
    return {"dataset": "d", "entity": entity, "total": total, "valid": total, "error": 0, "is_stopped": False}


def broken(**found: Any) -> dict[str, Any]:
    """Return the result of a first attempt that ended with an error, and with a gate that stopped something."""
    failing = [{"gate": "items__volume", "files": ["f"]}]
    errors = {"outcome": "error", "errors": ["fct_orders: lost"], "failing": failing}
    gates = [gate("items__volume", "fail"), gate("rate", "warn")]
    return result(**{"run_id": "r-1", "run_ids": ["r-1"], "gates": gates, **errors, **found})


def test_rows_and_records_of_both_attempts_count_where_the_first_has_modeled_them() -> None:
    first = broken(
        models=[model("orders", rows=3), model("fct_orders", "error"), model("quarantine_orders", rows=5)],
        records=[records(8), records(1, "items")],
    )
    second = result(
        models=[model("orders", rows=2), model("fct_orders", rows=9), model("quarantine_orders", rows=5)],
        records=[records(2)],
        run_id="r-2",
        run_ids=["r-2"],
    )
    run = repeated(first, None, second, ADDED)
    assert {found["name"]: found["rows_affected"] for found in run["models"]} == {
        "orders": 5,
        "fct_orders": 9,
        "quarantine_orders": 5,
    }
    assert {found["entity"]: found["total"] for found in run["records"]} == {"orders": 10, "items": 1}
    assert (run["run_id"], run["run_ids"], run["started_at"]) == ("r-2", ["r-1", "r-2"], "1")


def test_rows_that_the_first_attempt_checked_and_did_not_model_count_once() -> None:
    first = broken(models=[model("int_orders__checked", rows=8), model("orders", "error")], records=[records(8)])
    second = result(models=[model("int_orders__checked", rows=8), model("orders", rows=8)], records=[records(8)])
    run = repeated(first, None, second, ADDED)
    assert {found["name"]: found["rows_affected"] for found in run["models"]} == {"int_orders__checked": 8, "orders": 8}
    assert [found["total"] for found in run["records"]] == [8]


def test_what_is_built_from_the_first_row_counts_as_the_second_attempt_says() -> None:
    first = broken(models=[model("orders", rows=100)])
    run = repeated(first, None, result(models=[model("orders", rows=100)]), added={})
    assert [found["rows_affected"] for found in run["models"]] == [100]


def test_errors_and_failed_gates_of_the_first_attempt_are_the_second_one_s_to_tell() -> None:
    run = repeated(broken(), None, result(), ADDED)
    assert (run["outcome"], run["errors"], run["failing"]) == ("succeeded", [], [])
    assert run["gates"] == [gate("rate", "warn")]
    so_far = result(outcome="gate_failed", failing=[{"gate": "g", "files": []}], gates=[gate("g", "fail")])
    run = repeated(broken(), so_far, result(), ADDED)
    assert (run["outcome"], [found["gate"] for found in run["failing"]]) == ("gate_failed", ["g"])


def test_a_warning_of_the_first_attempt_is_told_once() -> None:
    of_file = {"gate": "rate", "files": ["f"]}
    first = broken(warning=[of_file])
    silent = repeated(first, None, result(gates=[gate("rate", "pass")]), ADDED)
    assert (silent["warning"], silent["gates"]) == ([of_file], [gate("rate", "warn")])
    again = {"gate": "rate", "files": ["f", "g"]}
    assert repeated(first, None, result(warning=[again]), ADDED)["warning"] == [again]
    of_another = {"gate": "rate", "files": ["g"]}
    assert repeated(first, None, result(warning=[of_another]), ADDED)["warning"] == [of_file, of_another]
