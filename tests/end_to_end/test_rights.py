"""Least privilege of the deployed roles: a flow needs each right, and says so in words where it is taken away.

Ten of them here; `make rights` takes all. That no role has a right that nothing needs, a run of all tests shows at its
end (tests/support/rights.py).
"""

import os
import random
from collections.abc import Callable, Iterator

import pytest

from tests.end_to_end.conftest import Operator
from tests.support.right_flows import FLOWS, REFUSED, Flows, shown
from tests.support.rights import Right, given, unexercised

pytestmark = pytest.mark.xdist_group("end_to_end")

SHOWN = shown()
RIGHTS = sorted(SHOWN) if "LANDFALL_ALL_RIGHTS" in os.environ else random.Random(1).sample(sorted(SHOWN), 10)  # noqa: S311 - a choice


@pytest.fixture(scope="module")
def flows(operator: Operator) -> Iterator[Flows]:
    """Return the flows of a stack on which nothing else happens: landing is paused."""
    operator.settle()
    operator.command("pause")
    yield Flows(operator.local, operator.stack)
    operator.command("resume")
    operator.settle()


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_with_all_rights_nothing_is_refused(flows: Flows, flow: Callable[[Flows], str]) -> None:
    assert not REFUSED.search(flow(flows))


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: f"{right.owner}-{right.sid}-{right.action}")
def test_without_a_right_the_flow_that_needs_it_says_so(flows: Flows, right: Right) -> None:
    with flows.without(right):
        words = SHOWN[right](flows)
    assert REFUSED.search(words), words


def test_what_flows_show_is_given_and_not_listed_as_unexercised() -> None:
    assert set(SHOWN) <= given() - set(unexercised())
