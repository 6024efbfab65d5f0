"""MODEL: the state machine's definition holds to its rules, whatever it does at run time (test_transform_lease.py)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.home import ROOT
from tests.infra.templates import load, of_type

TEXT = (ROOT / "infra" / "cloudformation" / "transform.asl.json").read_text()
DEFINITION = json.loads(TEXT)
STATES: dict[str, dict[str, Any]] = DEFINITION["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}


def state_machine() -> dict[str, Any]:
    """Return the state machine's properties in model.yaml."""
    properties: dict[str, Any] = load("model")["Resources"]["StateMachine"]["Properties"]
    return properties


def successors(state: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the states that may follow."""
    for holder in (state, *state.get("Choices", []), *state.get("Catch", [])):
        yield from (holder[name] for name in ("Next", "Default") if name in holder)


def reachable(start: str) -> set[str]:
    """Return every state that can be reached from `start`."""
    found = {start}
    waiting = [start]
    while waiting:
        following = set(successors(STATES[waiting.pop()])) - found
        found |= following
        waiting.extend(following)
    return found


def test_every_state_can_be_reached_and_every_successor_exists() -> None:
    assert reachable(DEFINITION["StartAt"]) == set(STATES)


def test_every_state_leads_to_an_end() -> None:
    ends = {name for name, state in STATES.items() if state.get("End") or state["Type"] == "Fail"}
    assert all(reachable(name) & ends for name in STATES)


@pytest.mark.parametrize("name", TASKS)
def test_nothing_breaks_without_being_caught(name: str) -> None:
    caught = [error for catcher in TASKS[name].get("Catch", []) for error in catcher["ErrorEquals"]]
    assert caught[-1] == "States.ALL"
    # which States.ALL does not stand for: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    assert "States.DataLimitExceeded" in caught or not TASKS[name]["Resource"].endswith("lambda:invoke")


def test_an_execution_ends_after_a_day_so_that_its_alarm_can_ring_and_begins_no_round_in_the_second_half() -> None:
    [another] = STATES["AnotherRound"]["Choices"]
    seconds = DEFINITION["TimeoutSeconds"]
    assert f"$millis() - $began < {seconds * 500}" in another["Condition"]
    alarms = of_type(load("model"), "AWS::CloudWatch::Alarm").values()
    assert "ExecutionsTimedOut" in {alarm["Properties"]["MetricName"] for alarm in alarms}


# Of those that follow the release nothing has to, and what Remember breaks goes on as it would have.
FREE = ("HandOver", "StartSuccessor", "Remember", "Publish")


def test_the_page_is_made_when_all_else_is_done_and_its_failure_is_none_of_the_run() -> None:
    assert reachable("Publish") == {"Publish", "Outcome", "Done", "Broken"}
    assert set(successors(STATES["Publish"])) == {"Outcome"}
    assert "failure" not in json.dumps(STATES["Publish"].get("Catch"))
    assert "Retry" not in STATES["Publish"]  # the next run makes it anew


@pytest.mark.parametrize("name", [name for name in TASKS if name not in FREE])
def test_whatever_breaks_while_the_lease_may_be_held_passes_the_release(name: str) -> None:
    (broken,) = [catcher["Next"] for catcher in TASKS[name]["Catch"] if catcher["ErrorEquals"] == ["States.ALL"]]
    assert name == "ReleaseLease" or "ReleaseLease" in reachable(broken)


# What Lambda says of itself, and how often AWS asks again:
# https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
OF_LAMBDA = {f"Lambda.{name}" for name in ("ServiceException", "AWSLambdaException", "SdkClientException")}
OF_LAMBDA |= {"Lambda.TooManyRequestsException"}


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if task["Resource"].endswith("lambda:invoke")])
def test_what_lambda_itself_refuses_is_asked_for_again_six_times_and_counts_for_nothing_else(name: str) -> None:
    if name == "Publish":
        return  # the next run makes the page anew
    of_lambda, of_action = TASKS[name]["Retry"]
    assert set(of_lambda["ErrorEquals"]) == OF_LAMBDA
    assert (of_lambda["IntervalSeconds"], of_lambda["MaxAttempts"], of_lambda["BackoffRate"]) == (2, 6, 2)
    # These may come when the action has taken its time, or goes on: what is repeated is what may be, and seldom.
    assert set(of_action["ErrorEquals"]) == {"TransientError", "Lambda.ClientExecutionTimeoutException"}
    assert of_action["MaxAttempts"] == (1 if name == "Build" else 3)


@pytest.mark.parametrize("name", TASKS)
def test_only_what_passes_by_itself_is_retried_and_never_in_step(name: str) -> None:
    for retrier in TASKS[name].get("Retry", []):
        assert retrier["JitterStrategy"] == "FULL"
        assert retrier["MaxAttempts"] <= (6 if set(retrier["ErrorEquals"]) == OF_LAMBDA else 5)
        for error in retrier["ErrorEquals"]:
            assert error == "TransientError" or re.match(r"(DynamoDB|Lambda|SNS|StepFunctions)\.", error), error


def test_the_template_fills_every_placeholder_and_no_other() -> None:
    placeholders = set(re.findall(r"\$\{(\w+)\}", TEXT))
    assert set(state_machine()["DefinitionSubstitutions"]) == placeholders


def longest_seconds(*names: str) -> float:
    """Return how long states may take one after another, all attempts counted: of what Lambda refuses, the pauses."""
    longest = 0.0
    for name in names:
        of_lambda, of_action = TASKS[name]["Retry"]
        longest += (of_action["MaxAttempts"] + 1) * (TASKS[name]["TimeoutSeconds"] + of_action["MaxDelaySeconds"])
        longest += sum(
            min(2.0 ** (tried + 1), of_lambda["MaxDelaySeconds"]) for tried in range(of_lambda["MaxAttempts"])
        )
    return longest


def test_the_lease_outlives_the_longest_way_from_one_renewal_to_the_next() -> None:
    lease = int(state_machine()["DefinitionSubstitutions"]["LeaseSeconds"])
    largest_debounce = 900.0
    assert largest_debounce + longest_seconds("Plan") < lease
    assert longest_seconds("Build", "Archive", "Report", "Remember") < lease


def test_the_archive_stops_in_time_and_the_lease_is_renewed_for_the_files_that_it_left() -> None:
    archive = STATES["Archive"]
    slack = 30  # for a query, and a chunk of files on a slow day
    assert archive["Arguments"]["Payload"]["seconds"] + slack < archive["TimeoutSeconds"]
    left, all_done = STATES["IsAllArchived"]["Choices"][0]["Next"], STATES["IsAllArchived"]["Default"]
    assert (left, all_done) == ("RenewLease", "Report")


def test_the_function_may_run_as_long_as_its_longest_action() -> None:
    timeout = load("model")["Resources"]["TransformFunction"]["Properties"]["Timeout"]
    assert timeout >= max(state["TimeoutSeconds"] for state in TASKS.values() if "TimeoutSeconds" in state)
