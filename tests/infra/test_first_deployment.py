"""A first deployment, its schedules as on AWS: rates, which start their targets at once."""

from collections.abc import Iterator
from typing import Any

import pytest

from landfall.deploy import cloudformation
from landfall.deploy.local import deploy_locally
from local import stack
from local.home import Home
from local.state import Ports
from tests.support import run_folder
from tests.support.local_stack import LocalStack
from tests.support.waiting import wait_for

pytestmark = pytest.mark.xdist_group("first-deployment")
RATES = {"SweepSchedule": "rate(1 hour)", "FreshnessSchedule": "rate(1 hour)"}
SCHEDULES = ("sweep", "freshness", "reconcile")


@pytest.fixture(scope="module")
def fresh() -> Iterator[tuple[LocalStack, dict[str, set[str]]]]:
    """A local stack of this module's own, and what its schedules were when a step of the deployment began."""
    home = Home(run_folder.folder() / "first-deployment")
    seen: dict[str, set[str]] = {}
    deployed: list[LocalStack] = []

    def deploy(ports: Ports, admin_secret_arn: str, progress: Any) -> dict[str, str]:
        deployed.append(LocalStack(home, ports))

        def note(line: str) -> None:
            progress(line)
            if line in {"warehouse: users, schemas, privileges, tables", "schedules"}:
                seen[line] = schedule_states(deployed[0])

        return deploy_locally(ports, admin_secret_arn, note, RATES)

    stack.up(home, deploy, print)
    yield deployed[0], seen
    stack.down(home, print)


def outputs(local: LocalStack) -> dict[str, str]:
    found = cloudformation.find(local.client("cloudformation"), "landfall-local")
    assert found
    return cloudformation.outputs(found)


def schedule_states(local: LocalStack) -> set[str]:
    scheduler = local.client("scheduler")
    return {scheduler.get_schedule(Name=f"landfall-local-{name}")["State"] for name in SCHEDULES}


def test_nothing_starts_before_the_warehouse_is_prepared_and_then_nothing_breaks(
    fresh: tuple[LocalStack, dict[str, set[str]]],
) -> None:
    local, seen = fresh
    assert seen == {"warehouse: users, schemas, privileges, tables": {"DISABLED"}, "schedules": {"DISABLED"}}
    assert schedule_states(local) == {"ENABLED"}
    machine = outputs(local)["StateMachineArn"]
    client = local.client("stepfunctions")

    def ended() -> list[Any]:
        found = client.list_executions(stateMachineArn=machine)["executions"]
        return found if len(found) == 2 and all(each["status"] != "RUNNING" for each in found) else []

    runs = wait_for(ended, "the sweep and the freshness check that the schedules start")
    outcomes = [client.describe_execution(executionArn=run["executionArn"])["output"] for run in runs]
    assert {run["status"] for run in runs} == {"SUCCEEDED"}, outcomes
