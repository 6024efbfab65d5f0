"""The transform state machine, deployed from model.yaml on the local AWS: one run at a time, and nothing is lost.

The function behind it is a small recorder built here, because the subject is the flow between the actions; the real
function runs in the end-to-end tests.
"""

import json
import time
from typing import Any

import pytest

from tests.support.transform_flow import Flow
from tests.support.waiting import wait_for

ROUND = ["plan", "build", "archive", "report", "remember"]


@pytest.fixture
def flow(deployed: Flow) -> Flow:
    """Return the deployed flow with nothing running and no lease."""
    deployed.come_to_rest()
    deployed.script()
    return deployed


def test_a_run_takes_every_step_in_order_and_gives_the_lease_back(flow: Flow) -> None:
    execution = flow.start()
    ended = flow.end_of(execution)
    assert ended["status"] == "SUCCEEDED", ended
    assert ended["output"]["outcome"] == "succeeded"
    assert flow.calls() == ROUND
    assert flow.lease() is None
    assert [event["action"] for event in flow.events()] == [*ROUND, "publish"]


def test_a_page_that_cannot_be_made_leaves_the_run_as_it_ended(flow: Flow) -> None:
    flow.script(fails="publish")
    ended = flow.end_of(flow.start())
    assert (ended["status"], ended["output"]["outcome"]) == ("SUCCEEDED", "succeeded")
    assert flow.pages() == 1
    assert flow.lease() is None
    assert len(flow.messages("success")) == 1
    assert flow.messages("failure") == []


def test_a_run_that_breaks_behind_its_plan_leaves_a_page_and_still_fails(flow: Flow) -> None:
    flow.script(fails="report")
    assert flow.end_of(flow.start())["status"] == "FAILED"
    assert flow.pages() == 1


@pytest.mark.parametrize(("request_", "pages"), [({}, 0), ({"sweep": True}, 0), ({"sweep": "daily"}, 1)])
def test_where_nothing_is_built_the_page_is_made_by_the_daily_sweep_alone(
    flow: Flow, request_: dict[str, Any], pages: int
) -> None:
    flow.script(build=False)
    assert flow.end_of(flow.start(**request_))["output"]["reason"] == "nothing to build"
    assert flow.pages() == pages


def test_several_rounds_make_one_page(flow: Flow) -> None:
    flow.script(holds="build")
    holder = flow.start()
    wait_for(lambda: "build" in flow.calls(), "the first build")
    joiner = flow.start()
    flow.end_of(joiner)
    flow.release()
    flow.end_of(holder)
    assert flow.calls() == ROUND * 2
    assert (flow.pages(holder), flow.pages(joiner)) == (1, 0)


def test_nothing_to_build_ends_after_the_plan_and_tells_nobody(flow: Flow) -> None:
    flow.script(build=False)
    ended = flow.end_of(flow.start())
    assert ended["output"]["status"] == "done"
    assert ended["output"]["reason"] == "nothing to build"
    assert flow.calls() == ["plan"]
    assert flow.lease() is None
    assert flow.messages("success") == flow.messages("failure") == []


def test_of_two_executions_at_once_one_joins_and_the_holder_runs_again(flow: Flow) -> None:
    flow.script(holds="build")
    holder = flow.start()
    wait_for(lambda: "build" in flow.calls(), "the first build")
    joiner = flow.start()
    joined = flow.end_of(joiner)
    flow.release()
    assert joined["output"] == {"status": "joined", "holder": holder}
    assert flow.end_of(holder)["status"] == "SUCCEEDED"
    assert flow.calls(holder) == ROUND * 2
    assert flow.calls(joiner) == []
    assert flow.lease() is None


def test_many_executions_at_once_cost_at_most_one_more_round(flow: Flow) -> None:
    flow.script(holds="build")
    executions = [flow.start() for _ in range(6)]
    wait_for(lambda: sum(flow.is_ended(execution) for execution in executions) == 5, "those that join")
    flow.release()
    outputs = [flow.end_of(execution)["output"] for execution in executions]
    assert sorted(output["status"] for output in outputs) == ["done"] + ["joined"] * 5
    assert flow.calls() in (ROUND, ROUND * 2)
    assert flow.lease() is None


def test_requests_during_the_debounce_are_covered_by_the_round_that_follows(flow: Flow) -> None:
    holder = flow.start()
    wait_for(flow.lease, "the lease")
    assert flow.end_of(flow.start())["output"]["holder"] == holder
    assert flow.end_of(holder)["status"] == "SUCCEEDED"
    assert flow.calls() == ROUND


def test_the_lease_of_a_dead_execution_is_taken_over_once_it_has_expired(flow: Flow) -> None:
    flow.put_lease("arn:of:the:dead", time.time() - 5)
    assert flow.end_of(flow.start())["output"]["status"] == "done"
    assert flow.calls() == ROUND


def test_a_lease_that_has_not_expired_is_respected(flow: Flow) -> None:
    flow.put_lease("arn:of:another", time.time() + 600)
    assert flow.end_of(flow.start())["output"] == {"status": "joined", "holder": "arn:of:another"}
    assert flow.calls() == []
    lease = flow.lease()
    assert lease is not None
    assert lease["rerun"] == {"BOOL": True}


def test_files_that_cannot_be_marked_hide_nothing_of_the_run_that_modeled_them(flow: Flow) -> None:
    flow.script(fails="archive")
    ended = flow.end_of(flow.start())
    assert (ended["status"], ended["output"]["outcome"]) == ("SUCCEEDED", "succeeded")
    assert flow.calls() == ROUND
    (reported,) = flow.events("report")
    assert reported["archive"]["error"].startswith("GatekeeperError: ")
    assert len(flow.messages("success")) == len(flow.messages("failure")) == 1
    assert flow.lease() is None


@pytest.mark.parametrize("action", ["plan", "build", "report"])
def test_an_action_that_breaks_fails_the_execution_tells_support_and_frees_the_lease(flow: Flow, action: str) -> None:
    flow.script(fails=action)
    ended = flow.end_of(flow.start())
    assert ended["status"] == "FAILED"
    assert ended["error"] == "GatekeeperError"
    assert flow.calls() == ROUND[: ROUND.index(action) + 1]
    assert flow.lease() is None
    (message,) = flow.messages("failure")
    assert json.loads(message["Message"])["error"] == "GatekeeperError"
    assert message["MessageAttributes"]["severity"]["Value"] == "critical"
    assert flow.messages("success") == []


@pytest.mark.parametrize("full_refresh", [True, False])
def test_a_run_that_breaks_asks_for_what_it_was_to_do(flow: Flow, full_refresh: bool) -> None:
    flow.script(fails="plan")
    assert flow.end_of(flow.start(**{"full_refresh": True} if full_refresh else {}))["status"] == "FAILED"
    [message] = flow.messages("failure")
    command = "landfall transform --full-refresh --wait" if full_refresh else "landfall transform --wait"
    assert json.loads(message["Message"])["remedy"] == command


def test_who_joined_a_run_that_broke_gets_a_run_of_a_successor(flow: Flow) -> None:
    flow.script(holds="build", fails="build")
    broken = flow.start()
    wait_for(lambda: "build" in flow.calls(), "the build")
    flow.end_of(flow.start())
    flow.release()
    wait_for(lambda: flow.end_of(broken)["status"] == "FAILED", "the failure")
    wait_for(lambda: len(flow.executions()) and flow.executions()[0] != broken, "the successor")
    for execution in flow.executions():
        flow.end_of(execution)
    assert flow.calls().count("plan") == 2
    assert flow.lease() is None


@pytest.mark.parametrize(
    ("outcome", "topic", "builds"),
    [("succeeded", "success", 1), ("gate_failed", "failure", 1), ("error", "failure", 2)],
)
def test_each_outcome_goes_to_its_topic_once_and_only_an_error_is_built_again(
    flow: Flow, outcome: str, topic: str, builds: int
) -> None:
    flow.script(outcome=outcome)
    ended = flow.end_of(flow.start())
    assert ended["status"] == "SUCCEEDED"
    assert ended["output"]["outcome"] == outcome
    assert flow.calls().count("build") == builds
    assert flow.calls().count("report") == 1
    (message,) = flow.messages(topic)
    assert json.loads(message["Message"]) == {"outcome": outcome}
    assert message["MessageAttributes"]["severity"]["Value"] == "low"
    other = {"success": "failure", "failure": "success"}[topic]
    assert flow.messages(other) == []


def test_a_message_that_was_told_already_is_not_sent_and_not_recorded_again(flow: Flow) -> None:
    flow.script(told=True, outcome="gate_failed")
    assert flow.end_of(flow.start())["output"]["outcome"] == "gate_failed"
    assert flow.calls() == ROUND[:-1]
    assert flow.messages("failure") == flow.messages("success") == []
    assert flow.lease() is None


def test_a_message_that_cannot_be_recorded_was_sent_all_the_same_and_the_run_is_not_broken(flow: Flow) -> None:
    flow.script(fails="remember")
    assert flow.end_of(flow.start())["status"] == "SUCCEEDED"
    assert len(flow.messages("success")) == 1
    assert flow.messages("failure") == []
    assert flow.lease() is None


def test_a_build_in_parts_goes_through_them_in_order_and_joins_their_results(flow: Flow) -> None:
    flow.script(parts=["orders", "order_items", "marts"])
    assert flow.end_of(flow.start())["status"] == "SUCCEEDED"
    assert flow.calls() == ["plan", "build", "build", "build", "archive", "report", "remember"]
    assert [event["part"] for event in flow.events("build")] == ["orders", "order_items", "marts"]
    (archived,) = flow.events("archive")
    assert archived["build"]["built"] == ["orders", "order_items", "marts"]


def test_files_that_one_call_cannot_tag_in_its_time_are_gone_on_with_under_a_renewed_lease(flow: Flow) -> None:
    flow.script(pages=3)
    assert flow.end_of(flow.start())["status"] == "SUCCEEDED"
    assert flow.calls() == ["plan", "build", "archive", "archive", "archive", "report", "remember"]
    asked = [event["so_far"] for event in flow.events("archive")]
    assert asked == [None, {"marked": 1, "after": "f"}, {"marked": 2, "after": "f"}]
    (reported,) = flow.events("report")
    assert reported["archive"] == {"marked": 3, "after": None}


def test_a_part_that_ends_with_an_error_is_built_once_more_and_the_others_all_the_same(flow: Flow) -> None:
    flow.script(parts=["orders", "order_items"], outcome="error")
    assert flow.end_of(flow.start())["output"]["outcome"] == "error"
    assert [event["part"] for event in flow.events("build")] == ["orders", "orders", "order_items", "order_items"]
    assert [event["so_far"] for event in flow.events("build")[:2]] == [None, None]
    told = [event["before"] and event["before"]["built"] for event in flow.events("build")]
    assert told == [None, ["orders"], None, ["orders", "order_items"]]
    assert len(flow.messages("failure")) == 1


@pytest.mark.parametrize("error", ["Sandbox.Timedout", "Lambda.Unknown", "Runtime.ExitError"])
def test_a_build_that_runs_out_of_time_or_memory_is_begun_again_entity_by_entity(flow: Flow, error: str) -> None:
    flow.script(breaks_whole=error, entities=["orders", "order_items"])
    ended = flow.end_of(flow.start())
    assert ended["status"] == "SUCCEEDED"
    assert [event["part"] for event in flow.events("build")] == ["", "orders", "order_items"]
    assert len(flow.messages("success")) == 1
    assert flow.messages("failure") == []


def test_an_entity_that_runs_out_of_time_by_itself_breaks_the_run_and_says_so(flow: Flow) -> None:
    flow.script(breaks_whole="Sandbox.Timedout", entities=["orders"])
    ended = flow.end_of(flow.start())
    assert (ended["status"], ended["error"]) == ("FAILED", "Sandbox.Timedout")
    assert len(flow.messages("failure")) == 1
    assert flow.lease() is None


def test_a_full_refresh_that_joins_a_run_is_done_by_its_next_round_and_by_no_other(flow: Flow) -> None:
    flow.script(holds="build")
    holder = flow.start()
    wait_for(lambda: "build" in flow.calls(), "the first build")
    assert flow.end_of(flow.start(full_refresh=True))["output"]["status"] == "joined"
    flow.release()
    flow.end_of(holder)
    assert [event["request"]["full_refresh"] for event in flow.events("plan")] == [False, True]


def test_a_full_refresh_is_done_once_by_who_was_asked_for_it(flow: Flow) -> None:
    flow.script(holds="build")
    holder = flow.start(full_refresh=True)
    wait_for(lambda: "build" in flow.calls(), "the first build")
    flow.end_of(flow.start())
    flow.release()
    flow.end_of(holder)
    assert [event["request"].get("full_refresh") for event in flow.events("plan")] == [True, False]


def test_a_full_refresh_that_was_asked_of_a_dead_execution_is_still_owed(flow: Flow) -> None:
    flow.put_lease("arn:of:the:dead", time.time() - 5, full_refresh=True)
    flow.end_of(flow.start())
    assert [event["request"]["full_refresh"] for event in flow.events("plan")] == [True]


def test_a_full_refresh_that_joined_a_run_that_broke_is_done_by_its_successor(flow: Flow) -> None:
    flow.script(holds="build", fails="build")
    broken = flow.start()
    wait_for(lambda: "build" in flow.calls(), "the build")
    flow.end_of(flow.start(full_refresh=True))
    flow.release()
    flow.end_of(broken)
    wait_for(lambda: len(flow.events("plan")) == 2, "the successor")
    for execution in flow.executions():
        flow.end_of(execution)
    assert [event["request"]["full_refresh"] for event in flow.events("plan")] == [False, True]


@pytest.mark.parametrize(("outcome", "told", "messages"), [("succeeded", True, 0), ("stale", False, 1)])
def test_freshness_is_checked_without_a_lease_and_told_when_there_is_something_to_tell(
    flow: Flow, outcome: str, told: bool, messages: int
) -> None:
    flow.put_lease("arn:of:another", time.time() + 600)
    flow.script(outcome=outcome, told=told)
    ended = flow.end_of(flow.start(check="freshness"))
    assert (ended["status"], ended["output"]["outcome"]) == ("SUCCEEDED", outcome)
    assert flow.calls() == ["freshness"] + ["remember"] * messages
    assert len(flow.messages("failure")) == messages
    lease = flow.lease()
    assert lease is not None
    assert lease["rerun"] == {"BOOL": False}


def test_an_execution_that_lost_its_lease_ends_without_working(flow: Flow) -> None:
    execution = flow.start()
    wait_for(flow.lease, "the lease")
    flow.put_lease("arn:of:another", time.time() + 600)
    output = flow.end_of(execution)["output"]
    assert (output["status"], output["outcome"], output["reason"].partition(":")[0]) == ("done", "error", "lease lost")
    assert flow.calls() == []
    lease = flow.lease()
    assert lease is not None
    assert lease["holder"] == {"S": "arn:of:another"}


def announce(flow: Flow, environment: str) -> None:
    """Send the event that the ingest function sends when a data set has landed."""
    detail = {"dataset": "order_summary", "load_id": "l", "load_seq": 1, "files": 1, "rows": 2}
    entry = {
        "Source": "landfall.ingest",
        "DetailType": "Dataset landed",
        "Detail": json.dumps(detail | {"environment": environment}),
    }
    answer = flow.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0


def test_a_landed_data_set_starts_a_run_of_its_environment_and_of_no_other(flow: Flow) -> None:
    before = set(flow.executions())
    announce(flow, "another")
    announce(flow, flow.environment)
    started = wait_for(lambda: set(flow.executions()) - before, "the execution")
    assert flow.end_of(started.pop())["status"] == "SUCCEEDED"
    assert flow.calls() == ROUND
    assert len(set(flow.executions()) - before) == 1
