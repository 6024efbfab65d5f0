"""Least privilege of the deployed roles: a flow needs each right, and says so in words where it is taken away.

Ten of them here; `make rights` takes all. That no role has a right that nothing needs, a run of all tests shows at its
end (tests/support/rights.py).
"""

import json
import os
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]  # cfn-lint marks no types

from local.aws.server import ACCOUNT_ID
from local.home import ROOT
from tests.end_to_end.conftest import Operator
from tests.infra.templates import rendered, statements
from tests.support.lambdas import unique
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


def policy_of_workflows(stack: Any) -> dict[str, Any]:
    """Return what infra/delivery/github.yaml gives to workflows, for the environment of a stack."""
    names = {
        "AWS::Partition": "aws",
        "AWS::Region": "us-east-1",
        "AWS::AccountId": ACCOUNT_ID,
        "EnvironmentName": stack.environment,
        "RolePath": "/",
        "WorkgroupId": "*",
        "NamespaceId": "*",
        "ClusterIdentifier": "*",
        "AdminSecretArn": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT_ID}:secret:administrator-1",
        "KmsKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT_ID}:key/1",
        "ServiceKmsKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT_ID}:key/2",
    }
    template = json.loads(json.dumps(cfn_yaml.load(str(ROOT / "infra" / "delivery" / "github.yaml"))))
    defaults = {name: each["Default"] for name, each in template["Parameters"].items() if "Default" in each}
    names = {**defaults, **names}
    given = statements(template["Resources"]["DeployRole"]["Properties"]["Policies"])
    kept = [rendered(each, names) for each in given if each["Sid"] != "LetCloudFormationAct"]
    text = json.dumps({"Version": "2012-10-17", "Statement": kept})
    # AWS names a secret by its logical id (`LoaderSecret-1a2b`), the local AWS by its stack's name too.
    text = re.sub(r"secret:(Loader|Transformer|Reader)Secret-\*", r"secret:*-\1Secret-*", text)
    document: dict[str, Any] = json.loads(text)
    return document


def doctor_of_a_workflow(operator: Operator, policy: dict[str, Any], exits: int) -> dict[str, str]:
    """Run `landfall doctor --release` as a role with that policy alone; return the states by check."""
    iam = operator.local.client("iam")
    trusted = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    role = iam.create_role(RoleName=unique("workflow"), AssumeRolePolicyDocument=trust)["Role"]
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="deploy", PolicyDocument=json.dumps(policy))
    given = operator.local.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="deploy")["Credentials"]
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("AWS_ACCESS_KEY_ID", given["AccessKeyId"])
            patched.setenv("AWS_SECRET_ACCESS_KEY", given["SecretAccessKey"])
            patched.setenv("AWS_SESSION_TOKEN", given["SessionToken"])
            boto3.setup_default_session()
            found = operator.command("doctor", "--release", exits=exits)["findings"]
    finally:
        boto3.setup_default_session()
        iam.delete_role_policy(RoleName=role["RoleName"], PolicyName="deploy")
        iam.delete_role(RoleName=role["RoleName"])
    return {each["check"]: each["status"] for each in found}


@pytest.mark.usefixtures("flows")
def test_a_workflow_may_look_at_all_that_it_judges_a_release_by_and_leaves_nothing(operator: Operator) -> None:
    found = doctor_of_a_workflow(operator, policy_of_workflows(operator.stack), exits=0)
    assert {state for check, state in found.items() if check in {"COPY", "UNLOAD", "transform", "stack"}} == {"ok"}
    assert set(found.values()) <= {"ok", "warning"}
    assert operator.keys("staging/doctor-") == operator.keys("exports/_doctor/") == set()


@pytest.mark.usefixtures("flows")
@pytest.mark.parametrize(
    ("sid", "check"), [("TryCopy", "COPY"), ("FindWhatIsLeft", "UNLOAD"), ("LookAtTheChain", "transform")]
)
def test_a_workflow_that_may_not_look_says_so_and_does_not_blame_the_release(
    operator: Operator, sid: str, check: str
) -> None:
    policy = policy_of_workflows(operator.stack)
    lacking = {**policy, "Statement": [each for each in policy["Statement"] if each["Sid"] != sid]}
    assert doctor_of_a_workflow(operator, lacking, exits=4)[check] == "unknown"
