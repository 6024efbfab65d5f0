"""A first deployment, with a schedule as on AWS: a rate, which starts its target at once."""

import json
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
# As every schedule on AWS; here one is enough, and the sweep would build the whole project.
RATES = {"FreshnessSchedule": "rate(1 hour)"}
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

    def ended() -> Any:
        found = client.list_executions(stateMachineArn=machine)["executions"]
        return found if found and all(each["status"] != "RUNNING" for each in found) else None

    [run] = wait_for(ended, "the check that its schedule starts at once")
    found = client.describe_execution(executionArn=run["executionArn"])
    assert (found["status"], json.loads(found["input"])) == ("SUCCEEDED", {"check": "freshness"}), found
