"""A day on which nothing lands, on the deployed stack: the warehouse is asked by the night's two runs, and by no other.

The schedules' own targets are started with the schedules' own inputs; what the warehouse is asked, its server tells.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.server_log import Asked, ServerLog
from landfall.operate.pausing import places
from tests.end_to_end.conftest import Operator
from tests.end_to_end.test_transform import draw, send
from tests.support.waiting import wait_for

pytestmark = pytest.mark.xdist_group("end_to_end")

HOURS = 24
USERS = ("landfall_loader", "landfall_transformer")
FIRST = 7_000_001


class Night:
    """What a quiet day does, and what the warehouse is asked meanwhile."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator
        self.stack = operator.stack
        self.log = ServerLog(operator.local.home.folder / "redshift", operator.local.redshift)

    def scheduled(self, name: str) -> dict[str, Any]:
        """Do what a schedule does; return the output of the execution that it starts."""
        target = self.stack.scheduler.get_schedule(**places(self.stack.environment, name)[0])["Target"]
        client = self.stack.step_functions
        arn = client.start_execution(stateMachineArn=target["Arn"], input=target["Input"])["executionArn"]

        def ended() -> Any:
            described = client.describe_execution(executionArn=arn)
            return described if described["status"] != "RUNNING" else None

        described = wait_for(ended, f"the end of {name}", seconds=300)
        assert described["status"] == "SUCCEEDED", described
        output: dict[str, Any] = json.loads(described["output"])
        return output

    def reconcile(self) -> None:
        """Compare bucket and ledger as every night."""
        answer = self.stack.lambda_.invoke(FunctionName=self.stack.output("ReconcileFunctionName"), Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()

    def asked_by(self, *schedules: str) -> list[Asked]:
        """Run schedules one after another; return what each user asked."""
        told = [self.log.begin(user) for user in USERS]
        for name in schedules:
            self.scheduled(name)
        return [each() for each in told]


@pytest.fixture
def night(operator: Operator) -> Iterator[Night]:
    """Return a stack in which all that has landed is modeled."""
    operator.settle()
    night = Night(operator)
    yield night
    night.log.close()


def statements(asked: list[Asked]) -> int:
    """Count what was asked, logins too."""
    return sum(len(each.statements) + len(each.connections) for each in asked)


def test_a_quiet_day_asks_the_warehouse_at_night_alone_and_a_landing_ends_it(night: Night, tmp_path: Path) -> None:
    operator = night.operator
    assert operator.landfall("transform", "--wait", "--timeout", "500")["outcome"] == "succeeded"
    operator.settle()

    assert statements(night.asked_by(*["sweep", "freshness"] * HOURS)) == 0
    assert statements(night.asked_by("daily-sweep")) > 0
    night.reconcile()
    assert statements(night.asked_by("sweep", "freshness")) == 0

    night.stack.mark.set()
    assert statements(night.asked_by("sweep")) > 0  # it looks, finds nothing and clears the mark
    assert statements(night.asked_by("sweep", "freshness")) == 0

    batch = draw(orders=10, first_order=FIRST)
    (key,) = send(operator, tmp_path, "morning", order_summary=batch.orders)
    night.scheduled("sweep")
    operator.settle()
    (row,) = operator.modeled("orders", "count(*) as n", f"_source_file = 's3://{operator.stack.bucket}/{key}'")
    assert int(row["n"]) == 10
    assert statements(night.asked_by("sweep", "freshness")) == 0
