"""MODEL: plan, dbt build, results and the archive's list, against a real warehouse with the real project."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from local.home import ROOT
from tests.support.claim_rows import file_of, patient
from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import item, items_file, order, orders_file
from tests.support.waiting import wait_for
from tests.support.warehouse_seed import BUCKET, SeedFile
from transform_lambda import alerts, archive
from transform_lambda.build import Builder
from transform_lambda.dbt_runtime import Row, connected
from transform_lambda.errors import ConfigError, TransientError
from transform_lambda.examples import TOLD_OF_SENSITIVE
from transform_lambda.facts import read_facts
from transform_lambda.facts_sql import WHO_SQL, ledgers_of
from transform_lambda.graph import REST
from transform_lambda.plan import Plan, decide
from transform_lambda.validation import summed

LOGGER = Logger(service="test")
BUILDER = Builder(ROOT, LOGGER)
DATASETS = ["order_items", "order_summary"]
ORDERS = "order_summary"
LONGER_THAN_CLOCKS_DIFFER = 6  # seconds
READERS = {"order_items": {"modeled.order_items"}, "order_summary": {"modeled.orders"}}


@pytest.fixture
def ready(built_warehouse: ModelWarehouse, monkeypatch: pytest.MonkeyPatch) -> ModelWarehouse:
    """Return a warehouse in which everything has been built over nothing, and the environment of the function."""
    for name, value in built_warehouse.environment.items():
        monkeypatch.setenv(name, value)
    return built_warehouse


def plan() -> dict[str, Any]:
    """Plan what the warehouse asks for now."""
    return decided(READERS).to_json(1_000, [])


def decided(readers: Mapping[str, Set[str]]) -> Plan:
    """Decide as the function does."""
    with connected() as query:
        return decide(read_facts(query, readers, ledgers_of(query(WHO_SQL))).datasets, project_changed=False)


def run() -> dict[str, Any]:
    """Plan and build."""
    return BUILDER.build(plan())


def modeled_orders(warehouse: ModelWarehouse) -> dict[str, str]:
    """Return every modeled order's status."""
    return dict(warehouse.transformer.rows("select order_id, order_status from modeled.orders"))


@contextmanager
def held_mutex(warehouse: ModelWarehouse) -> Iterator[None]:
    """Hold the mutex of orders, as a load does while it inserts."""
    warehouse.admin.run("begin", f"lock lock.{ORDERS}")
    try:
        yield
    finally:
        warehouse.admin.run("rollback")


def waits_for(warehouse: ModelWarehouse, mutex: str) -> bool:
    """Tell whether a session waits for a mutex."""
    waiting = (
        "select count(*) from pg_locks as locks inner join pg_class as tables on locks.relation = tables.oid "  # noqa: S608 - our name
        f"where tables.relname = '{mutex}' and not locks.granted"
    )
    return bool(warehouse.transformer.value(waiting))


def bad_file() -> SeedFile:
    """Return a file that the quarantine-rate gate of orders stops: none of its rows is a valid order."""
    return orders_file("bad", [order(f"bad-{number}", order_status="lost") for number in range(20)])


def rows_affected(result: dict[str, Any], model: str) -> int | None:
    """Return how many rows a model took in."""
    (found,) = [entry for entry in result["models"] if entry["name"] == model]
    rows: int | None = found["rows_affected"]
    return rows


def test_the_modeled_data_sets_come_from_dbt_s_own_graph(ready: ModelWarehouse) -> None:
    found = BUILDER.graph().readers
    assert {dataset: found[dataset] for dataset in DATASETS} == READERS
    assert found["order_flattened"] == {"modeled.orders", "modeled.order_items"}
    assert "model_loads" not in found


def test_a_landed_file_is_planned_built_and_then_done(ready: ModelWarehouse) -> None:
    assert plan()["build"] is False
    ready.loader.land(orders_file("one", [order("o-1"), order("o-2")]))
    assert plan()["datasets"] == ("order_summary",)
    result = run()
    assert result["outcome"] == "succeeded"
    assert rows_affected(result, "orders") == 2
    assert {gate["status"] for gate in result["gates"] if gate["severity"] == "error"} == {"pass"}
    assert modeled_orders(ready) == {"o-1": "placed", "o-2": "placed"}
    assert plan()["build"] is False


def test_the_archive_lists_the_files_of_the_run_and_no_others(ready: ModelWarehouse) -> None:
    ready.loader.land(orders_file("one", [order("o-1")]))
    run()
    two = orders_file("two", [order("o-2")])
    ready.loader.land(two)
    ready.loader.land(replace(orders_file("too small to move", [order("o-3")]), size_bytes=archive.SMALLEST_BYTES - 1))
    second = run()
    ready.loader.land(orders_file("three", [order("o-4")]))
    never = datetime.max
    with connected() as query:
        files = archive.landed_files(query(archive.files_sql(DATASETS, second["run_ids"], never)))
        behind = archive.landed_files(query(archive.files_sql(DATASETS, second["run_ids"], never, after=two.file_id)))
        of_second = f"select min(loaded_at) as begun from ops.model_loads where run_id = '{second['run_id']}'"  # noqa: S608 - its own id
        begun = query(of_second)[0]["begun"]
        of_dead = archive.landed_files(query(archive.files_sql(DATASETS, [], begun)))
    assert files == [archive.LandedFile(two.file_id, BUCKET, two.key, "1")]
    assert behind == []
    assert of_dead == files, "of an attempt that died nobody has a run's id"


def test_a_failed_gate_is_an_outcome_that_names_the_file_and_the_way_out(ready: ModelWarehouse) -> None:
    ready.loader.land(orders_file("one", [order("o-1")]))
    run()
    ready.loader.land(bad_file())
    result = run()
    assert result["outcome"] == "gate_failed"
    assert result["errors"] == []
    failing = {gate["gate"]: gate for gate in result["failing"]}["orders__quarantine_rate"]
    assert failing["files"] == [bad_file().source]
    assert 1 <= len(failing["examples"]) <= 3
    assert failing["remedy"][-2:] == [f"landfall undo {bad_file().key}", "landfall transform --wait"]
    assert modeled_orders(ready) == {"o-1": "placed"}
    assert plan()["build"] is True


def test_a_small_file_of_mostly_bad_rows_is_told_in_the_gate_s_own_words_with_an_undo(ready: ModelWarehouse) -> None:
    bad = [order(f"bad-{number}", order_status="lost") for number in range(8)]
    file = orders_file("small", [*bad, order("o-1")])
    ready.loader.land(file)
    result = run()
    assert result["outcome"] == "succeeded"
    (warned,) = result["warning"]
    assert (warned["gate"], warned["failures"], warned["files"]) == ("orders__quarantine_rate", 8, [file.source])
    assert warned["subject"] == "files of bad rows held back"
    assert "none of those rows is modeled" in warned["says"]
    assert warned["remedy"] == [f"landfall undo {file.key}", "landfall transform --wait"]
    assert modeled_orders(ready) == {"o-1": "placed"}


def test_of_a_sensitive_dataset_a_run_tells_no_value(ready: ModelWarehouse) -> None:
    bad = [patient(f"patient-{number}", gender="unheard of", postal_code="98765") for number in range(12)]
    file = file_of("patients", "bad", bad)
    ready.loader.land(file)
    result = BUILDER.build(decided({"patients": {"modeled.patients"}}).to_json(1_000, []))
    (failing,) = result["failing"]
    assert (failing["gate"], failing["files"]) == ("patients__quarantine_rate", [file.source])
    assert {name for example in failing["examples"] for name in example} <= {*TOLD_OF_SENSITIVE}
    assert all(example["reject_reason"] and example["_source_file"] == file.source for example in failing["examples"])
    assert "987" not in json.dumps(failing["examples"])


def test_what_reads_a_sensitive_dataset_is_known_from_dbt_s_own_graph() -> None:
    graph = BUILDER.graph()
    found = {graph.nodes[id_].name for id_ in graph.sensitive}
    assert {"patients__quarantine_rate", "patients__schema", "claims", "fct_claims"} <= found
    assert not {"orders__quarantine_rate", "orders", "providers", "stg_landed_files"} & found


def test_items_go_on_beside_the_failed_gate_of_orders_in_one_run_of_two_invocations(ready: ModelWarehouse) -> None:
    ready.loader.land(bad_file())
    ready.loader.land(items_file("items", [item("i-1", "not-yet-known"), item("i-2", None)]))
    result = run()
    assert result["outcome"] == result["part_outcome"] == "gate_failed"
    assert len(result["run_ids"]) == ready.loader.value("select count(*) from ops.runs") == 2
    assert result["run_id"] == result["run_ids"][0]
    assert ready.loader.rows("select distinct outcome from ops.runs") == [("gate_failed",)]
    statuses = {model["name"]: model["status"] for model in result["models"]}
    assert (statuses["orders"], statuses["order_items"]) == ("skipped", "success")
    assert {gate["status"] for gate in result["gates"] if gate["name"].startswith("order_items__")} == {"pass"}
    assert [gate["gate"] for gate in result["failing"]] == ["orders__quarantine_rate"]
    moved = ready.loader.rows("select distinct model from ops.model_loads")
    assert moved == [("modeled.order_items",)]
    records = {(record["dataset"], record["entity"]): record for record in result["records"]}
    orders, items = records["order_summary", "orders"], records["order_items", "order_items"]
    assert (orders["error"], orders["is_stopped"]) == (20, True)
    assert [items[name] for name in ("total", "valid", "error", "is_stopped")] == [2, 0, 1, False]


def test_a_build_in_parts_ends_as_a_build_in_one(ready: ModelWarehouse) -> None:
    ready.loader.land(orders_file("one", [order("o-1"), order("o-2")]))
    ready.loader.land(items_file("items", [item("i-1", "o-1")]))
    graph = BUILDER.graph()
    planned = {**plan(), "datasets": DATASETS}
    parts = list(graph.parts(graph.downstream(DATASETS)))
    assert parts.index("orders") < parts.index("order_items") < parts.index(REST)
    so_far = None
    for part in ("orders", "order_items"):
        so_far = BUILDER.build(planned, part, so_far)
        assert so_far["part_outcome"] == "succeeded"
    assert so_far is not None
    assert len(so_far["run_ids"]) == 2
    assert {rows_affected(so_far, "orders"), rows_affected(so_far, "order_items")} == {2, 1}
    assert {gate["status"] for gate in so_far["gates"] if gate["severity"] == "error"} == {"pass"}
    assert modeled_orders(ready) == {"o-1": "placed", "o-2": "placed"}
    assert plan()["build"] is False


def test_a_part_that_is_built_after_a_failed_gate_is_of_a_run_that_failed(ready: ModelWarehouse) -> None:
    ready.loader.land(bad_file())
    ready.loader.land(items_file("items", [item("i-1", None)]))
    planned = {**plan(), "datasets": DATASETS}
    so_far = BUILDER.build(planned, "orders")
    so_far = BUILDER.build(planned, "order_items", so_far)
    assert (so_far["part_outcome"], so_far["outcome"]) == ("succeeded", "gate_failed")
    assert ready.loader.rows("select distinct outcome from ops.runs") == [("gate_failed",)]
    ready.run_green("--select", "stg_runs")  # a run of its own
    outcomes = ready.loader.rows("select outcome, count(*) from ops.runs group by outcome")
    assert dict(outcomes) == {"gate_failed": 2, "succeeded": 1}


@pytest.mark.parametrize("way", ["in one", "in parts", "beside a rebuild"])
def test_a_gate_of_a_dataset_of_two_entities_stops_both_whichever_way_they_are_built(
    ready: ModelWarehouse, way: str
) -> None:
    wrong = items_file("wrong", [item("i-9", "o-1")])
    for file in (orders_file("one", [order("o-1")]), items_file("one", [item("i-1", "o-1")]), wrong):
        ready.loader.land(file)
    run()
    if way == "beside a rebuild":
        ready.loader.undo(wrong)
    ready.loader.land(items_file("two", [item("i-3", "o-1")]))
    before = ready.transformer.rows("select order_item_id from modeled.order_items order by 1")
    planned = {**plan(), "datasets": [*DATASETS, "order_flattened"]}
    planned["select"] = [f"source:landing.{dataset}+" for dataset in planned["datasets"]]
    graph = BUILDER.graph()
    parts: list[str | None] = [*graph.parts(graph.selected(planned))] if way == "in parts" else [None]
    table = "alter table landing.order_flattened"
    ready.loader.run(
        f"{table} rename column shipping_country to as_declared", f"{table} add column shipping_country bigint"
    )
    try:
        result = None
        for part in parts:
            result = BUILDER.build(planned, part, result)
    finally:
        ready.loader.run(
            f"{table} drop column shipping_country", f"{table} rename column as_declared to shipping_country"
        )
    assert result is not None
    assert result["outcome"] == "gate_failed", result["errors"]
    assert [gate["gate"] for gate in result["failing"]] == ["order_flattened__schema"]
    statuses = {model["name"]: model["status"] for model in result["models"]}
    assert {statuses[name] for name in ("orders", "order_items")} == {"skipped"}
    assert ready.transformer.rows("select order_item_id from modeled.order_items order by 1") == before


def test_a_dataset_that_one_of_its_models_never_took_in_is_planned_until_it_does(ready: ModelWarehouse) -> None:
    ready.loader.land(orders_file("one", [order("o-1")]))
    ready.loader.run(
        "insert into ops.model_loads values ('modeled.orders', 'order_summary', 0, 1, 'r-1', getdate())",
        "insert into ops.run_bounds values ('r-1', 'order_summary', 1, getdate())",
    )
    both = {"order_summary": {"modeled.orders", "modeled.order_items"}}
    assert decided(both).datasets == ("order_summary",)
    assert decided(READERS).datasets == ()


def test_a_plan_of_more_rows_than_a_build_may_have_is_split_by_entity(ready: ModelWarehouse) -> None:
    ready.loader.land(orders_file("one", [order("o-1"), order("o-2")]))
    found = decided(READERS)
    assert found.rows == 2
    assert found.to_json(1, ["orders", "order_items"])["parts"] == ["orders", "order_items"]
    assert found.to_json(2, ["orders", "order_items"])["parts"] == [""]


def test_what_was_told_last_comes_with_the_plan_s_facts(ready: ModelWarehouse) -> None:
    def told() -> Any:
        with connected() as query:
            return read_facts(query, READERS, dict.fromkeys(READERS, frozenset())).told

    ready.loader.run("delete from ops.alerts")
    assert told() is None
    with connected() as query:
        for fingerprint in ("f1", "f2"):
            alerts.record(query, alerts.Alert("transform", fingerprint, "high", "s", None, "r").to_json())
        alerts.record(query, alerts.Alert("freshness", "f3", "high", "s", None, "r").to_json())
    ready.loader.run("update ops.alerts set sent_at = dateadd(hour, -2, sent_at) where fingerprint = 'f1'")
    last = told()
    assert (last["fingerprint"], last["age_minutes"] in (0, 1)) == ("f2", True)  # a minute may end between the two


def test_a_plan_asks_two_statements_and_imports_no_dbt(ready: ModelWarehouse) -> None:
    asked: list[str] = []

    def ask(sql: str) -> list[Row]:
        asked.append(sql)
        with connected() as query:
            return query(sql)

    found = read_facts(ask, READERS, dict.fromkeys(READERS, frozenset()))
    assert len(asked) == 1
    assert [fact.name for fact in found.datasets] == list(READERS)
    command = [sys.executable, "-c", PLAN_WITHOUT_DBT]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


PLAN_WITHOUT_DBT = """
import sys
from transform_lambda import handler
from transform_lambda.dbt_runtime import connected
from transform_lambda.facts import read_facts
from transform_lambda.facts_sql import WHO_SQL
from transform_lambda.plan import decide

with connected() as query:
    decide(read_facts(query, {"orders": {"modeled.orders"}}, {}).datasets, project_changed=False)
    assert {row["name"] for row in query(WHO_SQL)} == {"landfall_transformer"}
print(*sorted(name for name in sys.modules if name.partition(".")[0] in ("dbt", "jinja2", "agate")), end="")
"""


def test_undoing_the_file_of_a_failed_gate_lets_one_more_run_pass(ready: ModelWarehouse) -> None:
    ready.loader.land(bad_file())
    assert run()["outcome"] == "gate_failed"
    ready.loader.undo(bad_file())
    after = plan()
    assert after["build"] is True
    assert after["full_refresh"] is False
    assert BUILDER.build(after)["outcome"] == "succeeded"
    assert modeled_orders(ready) == {}


def test_a_run_of_something_else_has_not_looked_at_an_undo(ready: ModelWarehouse) -> None:
    ready.loader.land(bad_file())
    assert run()["outcome"] == "gate_failed"
    ready.loader.undo(bad_file())
    ready.run_green("--select", "stg_fx_rates", "int_fx_rates__checked")
    assert plan()["reasons"] == (f"{ORDERS}: a file was undone since the last run",)
    assert run()["outcome"] == "succeeded"
    assert plan()["build"] is False


def test_a_table_that_no_model_of_the_project_fills_any_more_asks_for_no_rebuild(ready: ModelWarehouse) -> None:
    wrong = orders_file("wrong", [order("o-1"), order("o-9")])
    ready.loader.land(wrong)
    run()
    # as a developer's own target has recorded it, or a model that the project has had
    ready.transformer.run(
        "insert into ops.model_loads select 'dev_modeled.orders', dataset, from_seq, upto_seq, run_id, loaded_at "
        "from ops.model_loads where model = 'modeled.orders'"
    )
    ready.loader.undo(wrong)
    after = plan()
    assert after["rebuilt"] == (ORDERS,)
    assert BUILDER.build(after)["outcome"] == "succeeded"
    assert plan()["build"] is False


def test_undoing_a_modeled_file_rebuilds_the_models_without_it(ready: ModelWarehouse) -> None:
    wrong = orders_file("wrong", [order("o-1", order_status="cancelled"), order("o-9")])
    ready.loader.land(orders_file("right", [order("o-1")]))
    run()
    ready.loader.land(wrong)
    run()
    assert "o-9" in modeled_orders(ready)
    ready.loader.undo(wrong)
    after = plan()
    assert after["rebuilt"] == ("order_summary",)
    assert BUILDER.build(after)["outcome"] == "succeeded"
    assert modeled_orders(ready) == {"o-1": "placed"}


def test_a_run_that_reads_a_file_whose_undo_waits_for_the_mutex_is_followed_by_a_rebuild(
    ready: ModelWarehouse,
) -> None:
    right, wrong = orders_file("right", [order("o-1")]), orders_file("wrong", [order("o-9")])
    ready.loader.land(right, wrong)
    with ThreadPoolExecutor(1) as pool:
        with held_mutex(ready):
            undo = pool.submit(ready.loader.undo, wrong)
            wait_for(lambda: waits_for(ready, ORDERS), "the undo to wait for the mutex")
            time.sleep(LONGER_THAN_CLOCKS_DIFFER)
            run()
            assert "o-9" in modeled_orders(ready)
        undo.result()
    assert ready.loader.rows("select _file_id from landing.order_summary") == [(right.file_id,)]
    after = plan()
    assert after["rebuilt"] == (ORDERS,)
    assert BUILDER.build(after)["outcome"] == "succeeded"
    assert modeled_orders(ready) == {"o-1": "placed"}
    assert plan()["build"] is False, "what was undone before the run is settled by it, however shortly before"


@pytest.mark.parametrize("in_parts", [False, True])
def test_what_was_not_undone_is_built_as_on_any_day_beside_what_was(ready: ModelWarehouse, in_parts: bool) -> None:
    wrong = items_file("wrong", [item("i-1", "o-1", quantity=9), item("i-9", "o-1")])
    ready.loader.land(orders_file("one", [order("o-1"), order("o-2")]))
    ready.loader.land(items_file("items", [item("i-1", "o-1"), item("i-3", "o-3")]))
    ready.loader.land(wrong)
    run()
    ready.loader.undo(wrong)
    ready.loader.land(orders_file("two", [order("o-3")]))
    after = plan()
    assert (after["rebuilt"], after["full_refresh"], after["rows"]) == (("order_items",), False, 3)
    graph = BUILDER.graph()
    parts: list[str | None] = [*graph.parts(graph.selected(after))] if in_parts else [None]
    result = None
    for part in parts:
        result = BUILDER.build(after, part, result)
    assert result is not None
    assert result["outcome"] == "succeeded"
    assert rows_affected(result, "orders") == 1  # those of the first file were not read again
    assert modeled_orders(ready) == dict.fromkeys(("o-1", "o-2", "o-3"), "placed")
    items = ready.transformer.rows("select order_item_id, quantity from modeled.order_items order by 1")
    assert items == [("i-1", 2), ("i-3", 2)]  # the one that waited for the new order, too
    assert plan()["build"] is False


def test_what_is_rebuilt_goes_on_beside_the_failed_gate_of_the_rest(ready: ModelWarehouse) -> None:
    wrong = items_file("wrong", [item("i-9", "o-1")])
    ready.loader.land(orders_file("one", [order("o-1")]))
    ready.loader.land(items_file("items", [item("i-1", "o-1")]))
    ready.loader.land(wrong)
    run()
    ready.loader.undo(wrong)
    ready.loader.land(bad_file())
    result = run()
    assert result["outcome"] == "gate_failed"
    assert modeled_orders(ready) == {"o-1": "placed"}
    assert ready.transformer.rows("select order_item_id from modeled.order_items") == [("i-1",)]
    after = plan()
    assert (after["datasets"], after["rebuilt"]) == (("order_summary",), ())


def test_what_dbt_cannot_do_is_an_error_and_not_a_gate(ready: ModelWarehouse) -> None:
    ready.loader.land(orders_file("one", [order("o-1")]))
    planned = plan()
    ready.loader.run("revoke select on ledger.order_summary from landfall_transformer")
    try:
        result = BUILDER.build(planned)
    finally:
        ready.loader.run("grant select on ledger.order_summary to landfall_transformer")
    assert result["outcome"] == "error"
    assert any("permission denied" in error for error in result["errors"])
    assert modeled_orders(ready) == {}
    assert run()["outcome"] == "succeeded"
    assert modeled_orders(ready) == {"o-1": "placed"}


@pytest.mark.parametrize("part", [None, "orders"])
def test_what_the_attempt_before_an_error_has_modeled_and_found_is_told_by_the_next_one(
    ready: ModelWarehouse, part: str | None
) -> None:
    held_back = orders_file("bad", [order(f"bad-{number}", order_status="lost") for number in range(5)])
    ready.loader.land(held_back)
    ready.loader.land(orders_file("good", [order(f"o-{number}") for number in range(3)]))
    planned = plan()
    first = BUILDER.build(planned, part)
    assert rows_affected(first, "orders") == 3
    first |= {"outcome": "error", "part_outcome": "error", "errors": ["fct_orders: the connection was lost"]}
    again = BUILDER.build(planned, part, before=first)
    assert (again["outcome"], again["errors"], again["failing"]) == ("succeeded", [], [])
    assert rows_affected(again, "orders") == 3
    assert [gate["gate"] for gate in again["warning"]] == ["orders__quarantine_rate"]
    (records,) = [found for found in again["records"] if found["dataset"] == ORDERS]
    assert [records[name] for name in ("total", "valid", "error")] == [8, 3, 5]
    assert again["run_ids"][:1] == first["run_ids"]
    assert again["run_id"] == again["run_ids"][-1]
    with connected() as query:
        files = archive.landed_files(query(archive.files_sql([ORDERS], again["run_ids"], datetime.max)))
    assert held_back.file_id in {file.file_id for file in files}


def test_what_an_attempt_has_modeled_counts_where_the_build_was_split_after_it(ready: ModelWarehouse) -> None:
    ready.loader.land(orders_file("one", [order("o-1"), order("o-2")]))
    ready.loader.land(items_file("items", [item("i-1", "o-1")]))
    planned = {**plan(), "datasets": DATASETS}
    whole = BUILDER.build(planned)
    whole |= {"outcome": "error", "part_outcome": "error", "errors": ["fct_orders: the connection was lost"]}
    ready.loader.land(items_file("more", [item("i-2", "o-1")]))
    first = BUILDER.build(planned, "orders", None, whole)  # the second attempt has run out of time
    run = BUILDER.build(planned, "order_items", first)
    assert (run["outcome"], run["errors"]) == ("succeeded", [])
    assert (rows_affected(run, "orders"), rows_affected(run, "order_items")) == (2, 2)
    totals = {found["dataset"]: found["total"] for found in summed(run["records"])}
    assert {name: totals[name] for name in DATASETS} == {"order_summary": 2, "order_items": 2}


def test_a_warehouse_that_cannot_be_reached_is_a_transient_error(
    ready: ModelWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDFALL_REDSHIFT_PORT", "1")
    with pytest.raises(TransientError, match="cannot be reached"):
        plan()


def test_a_project_that_cannot_be_parsed_is_the_operator_s_to_correct(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: [broken")
    with pytest.raises(ConfigError, match="dbt cannot read its project"):
        Builder(tmp_path, LOGGER).graph()


WITHOUT_SEMAPHORES = """
import _multiprocessing, errno, os, sys

class SemLock(_multiprocessing.SemLock):
    def __new__(cls, *arguments):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

_multiprocessing.SemLock = SemLock

from pathlib import Path
from aws_lambda_powertools import Logger
from transform_lambda.build import Builder
from transform_lambda.dbt_runtime import connected

with connected() as query:
    assert query("select current_user as name") == [{"name": "landfall_transformer"}]
builder = Builder(Path(sys.argv[1]), Logger(service="t", level="CRITICAL"))
result = builder.build({"select": ["int_orders__checked", "orders"], "full_refresh": False})
sys.exit(result["outcome"] != "succeeded" or not result["models"])
"""


def test_dbt_builds_where_there_are_no_semaphores_and_prints_nothing(ready: ModelWarehouse) -> None:
    command = [sys.executable, "-c", WITHOUT_SEMAPHORES, str(ROOT)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
