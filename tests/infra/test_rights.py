"""What a run of all tests is judged by at its end: the rights that the templates give, and those that were needed."""

import re

import pytest

from local.home import ROOT
from tests.support.right_flows import shown
from tests.support.rights import Need, Right, Unneeded, exercised, faults, given, owner_of, role_names, unexercised

RIGHT = Right("land.IngestRole", "ReadFiles", "s3:GetObjectVersion")
ROLE = "landfall-local-Land-1234abcd-12a-IngestRole-B24874C7D13FB"
RECONCILE = "landfall-local-Reconcile-1234abcd-12a-ReconcileRole8E8D6B44051B8"


def listed(when: str) -> dict[Right, Unneeded]:
    return {RIGHT: Unneeded(when, "a reason", "https://docs.aws.amazon.com/")}


def test_every_line_of_the_list_is_a_right_of_the_templates_with_a_reason_and_a_page_of_aws() -> None:
    rights = given()
    for right, why in unexercised().items():
        assert right in rights
        assert why.when in {"never", "seldom"}
        assert why.reason
        assert why.page.startswith("https://docs.aws.amazon.com/")


def test_the_guide_counts_them_as_they_are() -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    (counts,) = re.findall(
        r"Of the (\d+) rights.*?give, (\d+) are listed.*?`make rights` takes (\d+) from", guide, re.S
    )
    assert counts == (str(len(given())), str(len(unexercised())), str(len(shown())))


@pytest.mark.parametrize(
    ("rights", "used", "excused", "found"),
    [
        ({RIGHT}, {RIGHT}, {}, []),
        ({RIGHT}, set(), {}, ["no test needed this right"]),
        ({RIGHT}, set(), listed("never"), []),
        ({RIGHT}, {RIGHT}, listed("never"), ["a test needed this right"]),
        ({RIGHT}, {RIGHT}, listed("seldom"), []),
        (set(), set(), listed("seldom"), ["no template gives this right"]),
    ],
)
def test_a_right_that_nothing_needs_and_a_line_that_is_not_true_are_found(
    rights: set[Right], used: set[Right], excused: dict[Right, Unneeded], found: list[str]
) -> None:
    told = list(faults(rights, used, excused))
    assert [text.startswith(start) for text, start in zip(told, found, strict=True)] == [True] * len(found)


@pytest.mark.parametrize(
    ("role", "sid", "is_needed"),
    [
        (ROLE, "ReadFiles", True),
        (ROLE, "ReadLogin", False),
        (RECONCILE, "ReadFiles", False),
    ],
)
def test_a_right_is_needed_by_its_own_role_and_statement(role: str, sid: str, is_needed: bool) -> None:
    assert exercised([RIGHT], [Need(role, sid, RIGHT.action)]) == ({RIGHT} if is_needed else set())


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("landfall-prod-transform-us-east-1", "model.TransformRole"),
        ("landfall-prod-transform-flow-us-east-1", "model.StateMachineRole"),
        ("landfall-prod-transform-start-eu-west-3", "model.StarterRole"),
        ("landfall-local-Reconcile-1234abcd-12a-ReconcileScheDC70ACC8C7697", "reconcile.ReconcileSchedulerRole"),
        (RECONCILE, "reconcile.ReconcileRole"),
        (ROLE, "land.IngestRole"),
        ("landfall-local-Warehouse-882a3270-7ba-CopyRole-16F47395132D8", "warehouse.CopyRole"),
        ("role-of-another", ""),
    ],
)
def test_a_deployed_role_is_known_by_its_name(name: str, owner: str) -> None:
    assert owner_of(name, role_names()) == owner
