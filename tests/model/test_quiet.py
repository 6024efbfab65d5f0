"""When the transform function says that nothing is left to do, and what it goes by while the warehouse sleeps."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools import Metrics

from local.home import ROOT
from tests.support.local_stack import LocalServices
from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import item, items_file, order, orders_file
from transform_lambda import freshness, handler
from transform_lambda.alerts import Alert
from transform_lambda.errors import TransientError
from transform_lambda.graph import Graph, Node
from transform_lambda.kept import FOLDER, Landings, OwedRefresh, ToldStale
from transform_lambda.parse_cache import graph_kept
from transform_lambda.project import Memory
from transform_lambda.settings import Settings

FINGERPRINT = "of this project"
DONE: Any = None  # no action looks at its context


@pytest.fixture
def deployed(built_warehouse: ModelWarehouse, local_aws: LocalServices, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return the settings of a function whose project has been built whole over nothing."""
    bucket, client = f"quiet-{uuid.uuid4().hex[:8]}", local_aws.client("s3")
    client.create_bucket(Bucket=bucket)
    for name, value in built_warehouse.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(handler, "s3", lambda: client)
    monkeypatch.setattr(handler, "_fingerprint", lambda: FINGERPRINT)
    monkeypatch.setattr(handler, "metrics", Metrics(namespace="Landfall"))
    built_warehouse.loader.run("delete from ops.alerts", "delete from ops.gate_results")
    Memory(client, bucket).write([FINGERPRINT])
    return Settings(
        bucket=bucket,
        environment="test",
        warehouse_user="landfall_transformer",
        warehouse="w",
        secret_arn=None,
        rows_per_build=1_000,
        reminder_hours=24,
        usd_an_hour=0.0,
        project_dir=ROOT,
    )


def plan(settings: Settings) -> dict[str, Any]:
    """Plan."""
    return handler.plan({}, settings, DONE)


def remember(settings: Settings, *, look: bool, kind: str = "transform", fingerprint: str = "") -> dict[str, Any]:
    """Record that a message was sent."""
    alert = Alert(kind, fingerprint, "info", "s", None, "r").to_json()
    return handler.remember({"alert": alert, "look": look}, settings, DONE)


def kept(settings: Settings) -> dict[str, datetime] | None:
    """Return the landings that are kept."""
    return Landings(handler.s3(), settings.bucket).read()


def test_only_a_plan_that_finds_nothing_to_do_is_quiet(deployed: Settings, built_warehouse: ModelWarehouse) -> None:
    assert plan(deployed)["quiet"] is True
    assert kept(deployed) == {}
    built_warehouse.loader.land(orders_file("one", [order("o-1")]))
    found = plan(deployed)
    assert (found["build"], found["quiet"], kept(deployed)) == (True, False, {})
    built_warehouse.build_green()
    assert plan(deployed)["quiet"] is True
    assert set(kept(deployed) or ()) == {"order_summary"}


@pytest.mark.parametrize("fingerprint", ["what failed", ""])
def test_a_failure_that_leaves_nothing_to_be_built_is_looked_at_again_when_a_reminder_is_due(
    deployed: Settings, built_warehouse: ModelWarehouse, fingerprint: str
) -> None:
    """As a gate on a mart leaves it, behind the UPSERT."""
    remember(deployed, look=False, fingerprint=fingerprint)
    first = plan(deployed)
    assert (first["build"], first["quiet"], kept(deployed)) == (False, True, {})
    seconds = first["quiet_until"] - time.time() if fingerprint else 24 * 3600
    assert seconds == pytest.approx(24 * 3600, abs=120)
    assert bool(first["quiet_until"]) is bool(fingerprint)

    built_warehouse.loader.run("update ops.alerts set sent_at = dateadd(hour, -24, sent_at)")
    due = plan(deployed)
    is_due = bool(fingerprint)
    assert (due["build"], due["whole_project"], due["quiet"]) == (is_due, is_due, not is_due)
    assert due["quiet_until"] == 0
    assert any("looked at again" in reason for reason in due["reasons"]) is is_due


def asked(warehouse: ModelWarehouse, gate: str, status: str) -> None:
    """Record what a gate said, as a run does that asks it."""
    warehouse.transformer.run(
        "insert into ops.gate_results (run_id, gate, status, severity, failures, executed_at) "  # noqa: S608 - ours
        f"values ('r', '{gate}', '{status}', 'error', 1, getdate())"
    )


@pytest.mark.parametrize(
    ("gate", "statuses", "holds"),
    [
        ("fx_rates__unique_key", ["fail"], True),
        ("fx_rates__unique_key", ["pass", "error"], True),
        ("fx_rates__unique_key", ["fail", "skipped"], True),
        ("fx_rates__unique_key", ["fail", "pass"], False),
        ("a gate that the project has no more", ["fail"], False),
    ],
)
def test_good_news_of_other_datasets_do_not_hide_a_gate_that_they_did_not_ask(
    deployed: Settings, built_warehouse: ModelWarehouse, gate: str, statuses: list[str], holds: bool
) -> None:
    for status in statuses:
        asked(built_warehouse, gate, status)
        built_warehouse.loader.run("update ops.gate_results set executed_at = dateadd(minute, -1, executed_at)")
    remember(deployed, look=False, fingerprint="what failed")
    built_warehouse.loader.run("update ops.alerts set sent_at = dateadd(hour, -23, sent_at)")
    assert remember(deployed, look=True) == {"quiet": not holds}

    found = plan(deployed)
    assert (found["build"], found["quiet"], found["told"]["fingerprint"]) == (False, True, "")
    assert (found["quiet_until"] - time.time() == pytest.approx(3600, abs=120)) is holds

    built_warehouse.loader.run("update ops.alerts set sent_at = dateadd(hour, -1, sent_at)")
    built_warehouse.loader.land(orders_file("one", [order("o-1")]))
    due = plan(deployed)
    assert (due["build"], due["whole_project"]) == (True, holds)


def test_a_project_that_has_not_been_built_whole_is_not_quiet(deployed: Settings) -> None:
    Memory(handler.s3(), deployed.bucket).forget()
    assert plan(deployed)["quiet"] is False


def build(settings: Settings, planned: dict[str, Any], part: str = "") -> dict[str, Any]:
    """Build the plan, or a part of it."""
    return handler.build({"plan": planned, "part": part, "so_far": None}, settings, DONE)


def test_a_full_refresh_that_a_gate_stops_is_owed_and_told_until_one_has_succeeded(
    deployed: Settings, built_warehouse: ModelWarehouse
) -> None:
    bad = orders_file("bad", [order(f"o-{number}", "lost") for number in range(20)])
    built_warehouse.loader.land(bad)
    refresh = {"request": {"full_refresh": True}}
    planned = handler.plan(refresh, deployed, DONE)
    stopped = build(deployed, planned, "orders")
    assert stopped["outcome"] == "gate_failed"
    assert stopped["failing"][0]["remedy"][-1] == "landfall transform --full-refresh --wait"
    report(deployed, planned, stopped)

    built_warehouse.loader.undo(bad)
    daily = plan(deployed)
    succeeded = {**stopped, "outcome": "succeeded", "failing": []}
    said = f"A full refresh of {daily['owed_refresh_since']} has not succeeded yet."
    assert said in report(deployed, daily, succeeded)["message"]["body"]
    assert plan(deployed)["owed_refresh_since"] == daily["owed_refresh_since"]
    page = handler.page({}, deployed, DONE)["html"]
    assert "landfall transform --withdraw-full-refresh" in page

    again = handler.plan(refresh, deployed, DONE)
    assert "has not succeeded yet" not in report(deployed, again, succeeded)["message"]["body"]
    assert plan(deployed)["owed_refresh_since"] is None
    assert "landfall transform --withdraw-full-refresh" not in handler.page({}, deployed, DONE)["html"]


def test_a_full_refresh_that_is_owed_is_written_anew_each_day_since_reports_expire(local_aws: LocalServices) -> None:
    client, bucket = local_aws.client("s3"), f"owed-{uuid.uuid4().hex[:8]}"
    key = f"{FOLDER}{OwedRefresh.name}.json"
    client.create_bucket(Bucket=bucket)
    owed, since = OwedRefresh(client, bucket), datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert owed.renew(since) is None
    owed.write(since, since)

    def kept() -> bytes:
        body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    first = kept()
    assert (owed.renew(since + timedelta(hours=23)), kept()) == (since, first)
    assert (owed.renew(since + timedelta(hours=25)), owed.read()) == (since, since)
    assert kept() != first
    # as an earlier release has written it
    client.put_object(Bucket=bucket, Key=key, Body=b'{"since": "2026-01-31T12:00:00+00:00"}')
    assert (owed.renew(since + timedelta(days=99)), owed.read()) == (since, since)


@pytest.mark.parametrize("begun_anew", [False, True])
def test_a_full_refresh_that_is_withdrawn_or_begun_while_it_is_written_anew_is_not_undone(
    local_aws: LocalServices, monkeypatch: pytest.MonkeyPatch, begun_anew: bool
) -> None:
    client, bucket = local_aws.client("s3"), f"owed-{uuid.uuid4().hex[:8]}"
    client.create_bucket(Bucket=bucket)
    owed, since = OwedRefresh(client, bucket), datetime(2026, 1, 31, 12, tzinfo=UTC)
    owed.write(since, since)
    later, put = since + timedelta(hours=25), client.put_object

    def put_late(**wanted: Any) -> Any:
        monkeypatch.setattr(client, "put_object", put)
        owed.write(later, later) if begun_anew else owed.clear()
        return put(**wanted)

    monkeypatch.setattr(client, "put_object", put_late)
    assert owed.renew(later) == (later if begun_anew else None)
    assert owed.read() == (later if begun_anew else None)


def report(settings: Settings, planned: dict[str, Any], built: dict[str, Any]) -> dict[str, Any]:
    """Report a build, the last step of a run that forgets nothing."""
    return handler.report({"plan": planned, "build": built, "archive": {}, "execution": "arn:e"}, settings, DONE)


@pytest.mark.parametrize("part", ["orders", ""], ids=["before the marts", "before the report"])
def test_a_run_that_breaks_behind_an_upsert_leaves_the_whole_project_to_be_built(
    deployed: Settings, built_warehouse: ModelWarehouse, part: str
) -> None:
    built_warehouse.loader.land(orders_file("one", [order("o-1")]))
    build(deployed, plan(deployed), part)  # and the function dies in the next part, or its archive raises
    assert built_warehouse.loader.rows("select upto_seq from ops.model_loads where dataset = 'order_summary'") == [(1,)]

    planned = plan(deployed)
    assert (planned["build"], planned["whole_project"], planned["quiet"]) == (True, True, False)
    report(deployed, planned, build(deployed, planned))
    assert built_warehouse.transformer.rows("select order_id from marts.fct_orders") == [("o-1",)]
    assert (plan(deployed)["build"], plan(deployed)["quiet"]) == (False, True)


@pytest.mark.parametrize(
    ("path", "datasets", "beside"),
    [
        ("modeled/orders/orders.sql", ["order_flattened", "order_summary"], []),
        ("gate/fx/int_fx_rates__checked.yml", ["fx_rates"], []),
        ("marts/orders/dim_customers.sql", [], ["fqn:landfall.marts.orders.dim_customers"]),
        ("modeled/orders/_orders__docs.md", [], []),
    ],
)
def test_a_model_that_has_changed_is_built_with_what_lies_downstream_of_it_alone(
    deployed: Settings, path: str, datasets: list[str], beside: list[str]
) -> None:
    client, graph = handler.s3(), handler._graph(deployed)
    before = {**graph.files, f"dbt_project/models/{path}": "another"}
    graph_kept(client, deployed.bucket, "before", lambda: replace(graph, files=before))
    Memory(client, deployed.bucket).write(["before"])

    planned = plan(deployed)

    assert (planned["whole_project"], planned["datasets"], planned["beside"]) == (False, tuple(datasets), tuple(beside))
    assert planned["build"] is bool(datasets or beside)
    if beside:
        built = build(deployed, planned)
        assert [model["name"] for model in built["models"]] == ["dim_customers"]
        report(deployed, planned, built)
        assert Memory(client, deployed.bucket).read() == [FINGERPRINT]
        assert plan(deployed)["quiet"] is True


@pytest.mark.parametrize(
    ("path", "is_remade"),
    [
        ("macros/model/is_newer.sql", True),
        ("dbt_project.yml", True),
        ("warehouse", True),
        ("dbt_project/gates/generic/x.sql", False),
        ("dbt_project/models/x.sql", False),
    ],
)
def test_what_all_models_are_made_by_or_what_is_gone_has_the_whole_project_built(
    deployed: Settings, path: str, is_remade: bool
) -> None:
    graph = handler._graph(deployed)
    graph_kept(handler.s3(), deployed.bucket, "before", lambda: replace(graph, files={**graph.files, path: "another"}))
    Memory(handler.s3(), deployed.bucket).write(["before"])
    assert plan(deployed)["whole_project"] is True
    assert handler._changes(deployed, graph, ["before"]) == (None, is_remade)


def test_of_no_version_nothing_differs_and_of_one_that_nobody_kept_all_may(deployed: Settings) -> None:
    graph = handler._graph(deployed)
    assert handler._changes(deployed, graph, []) == (None, False)
    assert handler._changes(deployed, graph, ["never kept"]) == (None, True)


def test_who_records_a_success_looks_whether_it_has_left_anything(
    deployed: Settings, built_warehouse: ModelWarehouse
) -> None:
    assert remember(deployed, look=False) == {"quiet": False}
    assert remember(deployed, look=True) == {"quiet": True}
    built_warehouse.loader.land(orders_file("one", [order("o-1")]))
    assert remember(deployed, look=True) == {"quiet": False}
    rows = built_warehouse.loader.rows("select count(*) from ops.alerts")
    assert rows == [(3,)]


def test_a_look_that_fails_takes_back_no_record(
    deployed: Settings, built_warehouse: ModelWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise TransientError("away")

    monkeypatch.setattr(handler, "_look", fail)
    assert remember(deployed, look=True) == {"quiet": False}
    assert built_warehouse.loader.rows("select count(*) from ops.alerts") == [(1,)]


def test_what_is_kept_tells_the_same_as_dbt_and_asks_nothing(
    deployed: Settings, built_warehouse: ModelWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = built_warehouse.loader
    loader.land(orders_file("late", [order("o-1")]))
    loader.land(items_file("new", [item("i-1", "o-1")]))
    at = f"{datetime.now(UTC) - timedelta(days=400):%Y-%m-%d %H:%M:%S}"  # one moment for both
    for table, column in (("landing.order_summary", "_loaded_at"), ("ledger.order_summary", "loaded_at")):
        loader.run(f"update {table} set {column} = '{at}'")  # noqa: S608 - of the lines above
    built_warehouse.build_green()
    assert plan(deployed)["quiet"] is True
    (by_dbt,) = freshness.check(ROOT, handler.logger, handler._graph(deployed).landing, {})

    monkeypatch.setattr(handler, "connected", unreachable)
    monkeypatch.setattr(freshness, "check", unreachable)
    ToldStale(handler.s3(), deployed.bucket).write("another", datetime.now(UTC))
    told = handler.check_freshness({"is_quiet": True}, deployed, DONE)

    (found,) = told["result"]["stale"]
    assert found["hours"] == pytest.approx(by_dbt.pop("hours"), abs=1)
    assert {name: found[name] for name in by_dbt} == by_dbt
    assert told["alert"]["fingerprint"] == freshness.fingerprint_of([found])


def unreachable(*_: Any) -> Any:
    """Stand for a warehouse that must not be asked."""
    raise AssertionError("the warehouse was asked")


def test_a_silence_is_told_once_until_a_reminder_without_a_question(
    deployed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Landings(handler.s3(), deployed.bucket).write({"order_summary": datetime(2020, 1, 1)})
    first = handler.check_freshness({"is_quiet": True}, deployed, DONE)
    assert first["message"] is not None
    handler.remember({"alert": first["alert"], "look": False}, deployed, DONE)

    monkeypatch.setattr(handler, "connected", unreachable)
    again = handler.check_freshness({"is_quiet": True}, deployed, DONE)
    assert (again["result"]["outcome"], again["message"]) == ("stale", None)
    told = ToldStale(handler.s3(), deployed.bucket)
    told.write(first["alert"]["fingerprint"], datetime.now(UTC) - timedelta(hours=25))
    assert handler.check_freshness({"is_quiet": True}, deployed, DONE)["message"] is not None


def test_a_producer_is_silent_whose_last_rows_have_left_landing_too(
    deployed: Settings, built_warehouse: ModelWarehouse
) -> None:
    loader, last = built_warehouse.loader, orders_file("last", [order("o-1")])
    loader.land(last)
    built_warehouse.build_green()
    loader.may_remove("order_summary")
    loader.remove(last)
    loader.run("update ledger.order_summary set loaded_at = dateadd(day, -400, loaded_at)")

    def silent(*, is_quiet: bool) -> list[tuple[str, float]]:
        found = handler.check_freshness({"is_quiet": is_quiet}, deployed, DONE)["result"]["stale"]
        return [(each["dataset"], round(each["hours"] / 24)) for each in found]

    assert silent(is_quiet=False) == [("order_summary", 400)]
    assert plan(deployed)["quiet"] is True
    assert silent(is_quiet=True) == [("order_summary", 400)]
    assert freshness.check(ROOT, handler.logger, handler._graph(deployed).landing, {}) == []
    at = {"order_summary": datetime.now(UTC) - timedelta(days=400)}
    (own,) = freshness.check(ROOT, handler.logger, handler._graph(deployed).landing, at)
    assert own["dataset"] == "order_summary"


def test_a_source_that_asks_in_its_own_way_is_asked_for_by_dbt_and_the_others_by_their_ledgers(
    deployed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(_project: Any, _logger: Any, sources: Sequence[Node], _newest: Any) -> list[Any]:
        asked.extend(str(source.dataset) for source in sources)
        return []

    monkeypatch.setattr(freshness, "check", ask)

    def check() -> int:
        assert handler.check_freshness({"is_quiet": True}, deployed, DONE)["result"]["stale"] == []
        return len(asked)

    assert check() == 0
    Landings(handler.s3(), deployed.bucket).write({})
    graph = handler._graph(deployed)
    own = {id_: replace(node, has_own_freshness=node.dataset == "order_summary") for id_, node in graph.nodes.items()}
    monkeypatch.setattr(handler, "_graph", lambda _: Graph(own))
    assert check() == 1
    assert asked == ["order_summary"]


def test_the_first_plan_of_a_deployment_that_was_prepared_parses_nothing(
    deployed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert handler.prepare({}, deployed, DONE)["nodes"] > 100
    monkeypatch.setattr(handler, "Builder", unreachable)
    assert plan(deployed)["quiet"] is True
    assert handler.prepare({}, deployed, DONE)["nodes"] > 100


def test_the_limits_of_a_source_are_those_that_its_yaml_declares(deployed: Settings) -> None:
    sources = handler._graph(deployed).landing
    declared = {source.dataset: (source.warn_after, source.error_after) for source in sources}
    assert declared["order_summary"] == (timedelta(days=2).total_seconds(), None)
    assert not any(source.has_own_freshness for source in sources)
    assert all(limits != (None, None) for limits in declared.values())
