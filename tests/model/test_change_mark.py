"""The mark that nothing can have changed, in the deployed state machine: it saves questions, and never a run.

The function behind the state machine is a recorder (transform_flow.py); that the function looks right is shown where it
asks the warehouse (test_quiet.py).
"""

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.model.test_transform_definition import STATES
from tests.support.transform_flow import Flow
from tests.support.waiting import wait_for

SWEEP: dict[str, Any] = {"sweep": True}
EVENT: dict[str, Any] = {"source": "landfall.ingest", "detail": {"dataset": "orders"}}
ROUND = ["plan", "build", "archive", "report", "remember"]


@pytest.fixture
def flow(deployed: Flow) -> Flow:
    """Return the deployed flow with nothing running, no lease and the mark set."""
    deployed.come_to_rest()
    deployed.set_mark()
    deployed.script(build=False, quiet=True)
    return deployed


def run(flow: Flow, request: dict[str, Any]) -> list[str]:
    """Run to the end; return the actions that the function was asked for."""
    execution = flow.start(**request)
    assert flow.end_of(execution)["status"] == "SUCCEEDED"
    assert flow.lease() is None
    return flow.calls(execution)


def quiet(flow: Flow) -> Flow:
    """Let a plan find nothing to do, so that the mark is cleared."""
    assert run(flow, SWEEP) == ["plan"]
    assert flow.mark()[1]
    return flow


@pytest.mark.parametrize("request_", [SWEEP, EVENT], ids=["sweep", "event"])
def test_where_nothing_has_changed_since_an_empty_plan_nobody_is_asked(flow: Flow, request_: dict[str, Any]) -> None:
    quiet(flow)
    assert run(flow, request_) == []
    flow.set_mark()
    assert run(flow, request_) == ["plan"]


def test_a_failure_that_was_told_lets_sweeps_rest_until_a_reminder_is_due(flow: Flow) -> None:
    flow.script(build=False, quiet=True, quiet_until=int(time.time()) + 600)
    quiet(flow)
    assert run(flow, SWEEP) == []
    flow.set_mark()
    flow.script(build=False, quiet=True, quiet_until=int(time.time()) - 1)
    quiet(flow)
    assert run(flow, SWEEP) == ["plan"]


@pytest.mark.parametrize(
    "asked",
    [{}, {"sweep": "daily"}, {"full_refresh": True}, {"continues": "arn:of:another", "full_refresh": False}],
    ids=["a person", "the daily sweep", "a full refresh", "a successor"],
)
def test_who_asks_for_more_than_a_sweep_is_answered_by_the_warehouse(flow: Flow, asked: dict[str, Any]) -> None:
    quiet(flow)
    assert run(flow, asked) == ["plan"]


def test_a_plan_that_leaves_something_to_tell_again_keeps_the_mark(flow: Flow) -> None:
    flow.script(build=False, quiet=False)
    assert run(flow, SWEEP) == ["plan"]
    assert not flow.mark()[1]
    assert run(flow, SWEEP) == ["plan"]


@pytest.mark.parametrize(
    ("script", "is_cleared"),
    [
        ({"outcome": "succeeded", "leaves_nothing": True}, True),
        ({"outcome": "succeeded", "leaves_nothing": False}, False),
        ({"outcome": "gate_failed", "leaves_nothing": True}, False),
        ({"outcome": "error", "leaves_nothing": True}, False),
        ({"outcome": "succeeded", "leaves_nothing": True, "fails": "remember"}, False),
        ({"outcome": "gate_failed", "told": True}, False),
    ],
)
def test_after_a_build_the_mark_is_cleared_only_where_it_succeeded_and_left_nothing(
    flow: Flow, script: dict[str, Any], is_cleared: bool
) -> None:
    flow.script(build=True, **script)
    run(flow, EVENT)
    assert flow.mark()[1] is is_cleared


# Files that cannot be marked as modeled break no run.
@pytest.mark.parametrize("action", [action for action in ROUND[:-1] if action != "archive"])
def test_a_run_that_breaks_keeps_the_mark(flow: Flow, action: str) -> None:
    flow.script(fails=action, leaves_nothing=True)
    assert flow.end_of(flow.start(**EVENT))["status"] == "FAILED"
    assert not flow.mark()[1]


@pytest.mark.parametrize("action", ["plan", "remember"])
def test_what_lands_while_the_warehouse_is_asked_keeps_the_mark(flow: Flow, action: str) -> None:
    flow.script(build=action == "remember", quiet=True, leaves_nothing=True, holds=action)
    execution = flow.start(**SWEEP)
    wait_for(lambda: action in flow.calls(), "the question")
    flow.set_mark()
    flow.release()
    flow.end_of(execution)
    assert not flow.mark()[1]
    flow.script(build=False, quiet=True)
    assert run(flow, SWEEP) == ["plan"]


def test_what_lands_during_the_pause_is_covered_by_the_plan_that_follows(flow: Flow) -> None:
    execution = flow.start(**SWEEP)
    wait_for(flow.lease, "the lease")
    flow.set_mark()
    assert flow.end_of(execution)["status"] == "SUCCEEDED"
    assert flow.calls() == ["plan"]
    assert flow.mark()[1]


def test_a_mark_that_was_cleared_for_another_project_or_warehouse_is_none(flow: Flow) -> None:
    quiet(flow)
    flow.client("dynamodb").update_item(
        TableName=flow.outputs["LeaseTableName"],
        Key={"lease_id": {"S": "changes"}},
        UpdateExpression="SET cleared_for = :other",
        ExpressionAttributeValues={":other": {"S": "code/transform_lambda-0.zip host:5439/landfall"}},
    )
    assert run(flow, SWEEP) == ["plan"]


def test_a_mark_that_is_lost_is_as_good_as_set(flow: Flow) -> None:
    quiet(flow)
    table = flow.outputs["LeaseTableName"]
    flow.client("dynamodb").delete_item(TableName=table, Key={"lease_id": {"S": "changes"}})
    assert run(flow, SWEEP) == ["plan"]
    assert flow.mark() == (0, True)
    assert run(flow, SWEEP) == []


def test_a_full_refresh_that_joins_is_done_although_the_holder_s_empty_plan_has_cleared_the_mark(flow: Flow) -> None:
    flow.script(build=False, quiet=True, holds="plan")
    holder = flow.start(**SWEEP)
    wait_for(lambda: "plan" in flow.calls(), "the plan")
    flow.client("dynamodb").update_item(  # as who has set the mark before the holder read it, and joins only now
        TableName=flow.outputs["LeaseTableName"],
        Key={"lease_id": {"S": "transform"}},
        UpdateExpression="SET rerun = :true, full_refresh = :true",
        ExpressionAttributeValues={":true": {"BOOL": True}},
    )
    flow.release()
    flow.end_of(holder)
    assert [event["request"]["full_refresh"] for event in flow.events("plan")] == [False, True]


@pytest.mark.parametrize("is_quiet", [True, False])
def test_freshness_is_told_whether_anything_can_have_landed(flow: Flow, is_quiet: bool) -> None:
    if is_quiet:
        quiet(flow)
    flow.script(told=True)
    assert run(flow, {"check": "freshness"}) == ["freshness"]
    assert [event["is_quiet"] for event in flow.events("freshness")] == [is_quiet]


STEPS = st.lists(st.sampled_from(["commit", "mark", "look", "clear"]), min_size=1, max_size=30)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(STEPS)
def test_however_landing_and_a_plan_interleave_nothing_that_has_landed_is_forgotten(
    deployed: Flow, steps: list[str]
) -> None:
    """Each load commits and then sets the mark; each plan reads the mark, looks, and then clears what it has read.

    Invariant: where the mark is clear, whatever was committed before its mark was set has been looked at.
    """
    mark = Mark(deployed)
    committed = marked = seen = 0
    reading: tuple[str, int] | None = None
    for step in steps:
        if step == "commit":
            committed += 1
        elif step == "mark" and marked < committed:
            deployed.set_mark()
            marked = committed
        elif step == "look":
            reading = (mark.read(), committed)
        elif step == "clear" and reading:
            number, looked = reading
            if mark.clear(number):
                seen = looked
            reading = None
        assert not mark.is_clear or seen >= marked


class Mark:
    """The mark as the state machine reads and clears it, by the very requests of its definition."""

    def __init__(self, flow: Flow) -> None:
        self.client = flow.client("dynamodb")
        self.flow = flow
        self.flow.set_mark()

    def read(self) -> str:
        """Read its number."""
        return str(self.client.update_item(**self._request("ReadMark"))["Attributes"]["change_number"]["N"])

    def clear(self, number: str) -> bool:
        """Clear it if it has this number; tell whether it had."""
        request = self._request("ClearMark")
        request["ExpressionAttributeValues"] |= {
            ":seen": {"N": number},
            ":now": {"S": str(time.time())},
            ":reminder": {"N": "0"},
        }
        try:
            self.client.update_item(**request)
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    @property
    def is_clear(self) -> bool:
        """Tell whether it is clear."""
        return self.flow.mark()[1]

    def _request(self, state: str) -> dict[str, Any]:
        arguments: dict[str, Any] = dict(STATES[state]["Arguments"])
        values = dict(arguments["ExpressionAttributeValues"])
        return arguments | {"TableName": self.flow.outputs["LeaseTableName"], "ExpressionAttributeValues": values}
