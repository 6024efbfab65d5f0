"""The role with which CloudFormation acts may do what the templates' resources ask for, and cannot widen its rights.

What a resource asks for is said by its schema: the permissions of its handlers, as AWS publishes them and cfn-lint
bundles them. Those of what the templates do not use are listed, each with its reason, in WITHHELD.
"""

import csv
import fnmatch
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cfnlint  # type: ignore[import-untyped]  # cfn-lint marks no types
import pytest
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]
from cfnlint.schema.manager import ProviderSchemaManager  # type: ignore[import-untyped]

from local.home import ROOT
from tests.infra.delivery_rights import ACCOUNT, BOUNDARY, ENVIRONMENT, GIVEN, KEY, REGION, TEMPLATE, allows, policy
from tests.infra.templates import NAMES, load

WITHHELD = Path(__file__).with_name("withheld_rights.tsv")
DATA = Path(cfnlint.__file__).parent / "data"
# The bundled ones, and not what `cfn-lint --update-specs` may have put into somebody's cache.
SCHEMAS = ProviderSchemaManager(DATA / "schemas" / "providers", DATA / "schemas" / "resources")
# Which actions take a resource, and of which types.
ACTIONS = json.loads((DATA / "AdditionalSpecs" / "Policies.json").read_text(encoding="utf-8"))
# docs/deploy.md says that these need rights of EC2 and Redshift Serverless more.
NOT_DEPLOYED = {"network", "serverless"}
HERE, GLOBAL = f"{REGION}:{ACCOUNT}", f":{ACCOUNT}"
NAME = f"landfall-{ENVIRONMENT}"
TAG = "landfall:environment"
BUCKET = f"arn:aws:s3:::{NAME}-{ACCOUNT}-{REGION}"
ROLE = f"arn:aws:iam:{GLOBAL}:role/{NAME}-Land-1A2B3C-IngestRole-4D5E6F"
SERVICE_ROLES = f"arn:aws:iam:{GLOBAL}:role/aws-service-role"
POLICY = f"arn:aws:iam:{GLOBAL}:policy/{NAME}-pages-{REGION}"
SECRET = f"arn:aws:secretsmanager:{HERE}:secret:LoaderSecret-1a2b3c4d5e6f-a1b2c3"
NEW_KEY = f"arn:aws:kms:{HERE}:key/0987dcba-09fe-87dc-65ba-ab0987654321"
# In a group of its own, and in the default one.
SCHEDULES = [
    f"arn:aws:scheduler:{HERE}:schedule/{NAME}-regular-sweep/{NAME}-regular-sweep",
    f"arn:aws:scheduler:{HERE}:schedule/default/{NAME}-reconcile",
]
# Of each service, what is ours, by the type of the resource that is made where it differs.
OURS = {
    "athena": {"": f"arn:aws:athena:{HERE}:workgroup/{NAME}"},
    "billing": {"": f"arn:aws:billing:{GLOBAL}:billingview/primary"},
    "budgets": {"": f"arn:aws:budgets:{GLOBAL}:budget/{NAME}-{REGION}"},
    "cloudformation": {"": f"arn:aws:cloudformation:{HERE}:stack/{NAME}-Land-1A2B3C4D5E6F/1a2b3c4d-5e6f"},
    "cloudtrail": {"": f"arn:aws:cloudtrail:{HERE}:trail/{NAME}"},
    "cloudwatch": {
        "": f"arn:aws:cloudwatch:{HERE}:alarm:{NAME}-ingest-slow",
        "AWS::CloudWatch::Dashboard": f"arn:aws:cloudwatch:{GLOBAL}:dashboard/{NAME}-{REGION}",
    },
    "dynamodb": {"": f"arn:aws:dynamodb:{HERE}:table/{NAME}-lease"},
    "events": {"": f"arn:aws:events:{HERE}:rule/{NAME}-dataset-landed"},
    "glue": {"": f"arn:aws:glue:{HERE}:database/landfall_{ENVIRONMENT}_raw"},
    "iam": {"": ROLE},
    "kms": {"": KEY, "AWS::KMS::Key": NEW_KEY},
    "lambda": {
        "": f"arn:aws:lambda:{HERE}:function:{NAME}-ingest",
        "AWS::Lambda::EventSourceMapping": f"arn:aws:lambda:{HERE}:event-source-mapping:1a2b3c4d-5e6f",
    },
    "logs": {"": f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{NAME}-ingest"},
    "s3": {
        "": BUCKET,
        "AWS::Lambda::Function": f"arn:aws:s3:::landfall-artifacts-{ACCOUNT}-{REGION}/code/ingest_lambda.zip",
        "AWS::StepFunctions::StateMachine": f"arn:aws:s3:::landfall-artifacts-{ACCOUNT}-{REGION}/templates/a.json",
    },
    "scheduler": {
        "": SCHEDULES[0],
        "AWS::Scheduler::ScheduleGroup": f"arn:aws:scheduler:{HERE}:schedule-group/{NAME}-regular-sweep",
    },
    "secretsmanager": {"": SECRET},
    "sns": {"": f"arn:aws:sns:{HERE}:{NAME}-failure"},
    "sqs": {"": f"arn:aws:sqs:{HERE}:{NAME}-landing"},
    "states": {"": f"arn:aws:states:{HERE}:stateMachine:{NAME}-transform"},
}
BOUNDED = {"iam:PermissionsBoundary": BOUNDARY}
OF_OURS = {f"aws:ResourceTag/{TAG}": ENVIRONMENT}


class Asked(NamedTuple):
    """A permission that a handler of a type asks for."""

    type: str
    handler: str
    action: str


def asked() -> Iterator[Asked]:
    """Yield what the types of the templates ask for that the role deploys."""
    deployed = [load(name)["Resources"].values() for name in NAMES if name not in NOT_DEPLOYED]
    for type_ in sorted({body["Type"] for bodies in deployed for body in bodies}):
        handlers = SCHEMAS.get_resource_schema("us-east-1", type_).schema["handlers"]
        for handler in ("create", "read", "update", "delete"):
            for action in handlers.get(handler, {}).get("permissions", []):
                yield Asked(type_, handler, action)


def withheld() -> list[dict[str, str]]:
    with WITHHELD.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def is_listed(one: Asked, row: dict[str, str]) -> bool:
    return row["type"] in (one.type, "*") and fnmatch.fnmatchcase(one.action.lower(), row["action"].lower())


def resource(one: Asked) -> str:
    """Return the resource of ours that an action is of: `*` where it takes none."""
    service, name = one.action.lower().split(":")
    types = ACTIONS.get(service, {}).get("Actions", {}).get(name, {"Resources": ["unknown"]}).get("Resources", [])
    if not types:
        return "*"
    if types == ["policy"]:
        return POLICY
    if name == "createservicelinkedrole":
        return f"{SERVICE_ROLES}/{service_of(one)}/AWSServiceRole"
    ours = OURS.get(service, {"": f"nothing of {service}"})
    return ours.get(one.type, ours[""])


def service_of(one: Asked) -> str:
    return f"{one.type.split('::')[1].lower()}.amazonaws.com"


def context(one: Asked) -> dict[str, str]:
    """Return what IAM knows: a new secret has no tags but those of the request, a new key for some minutes too."""
    of_request = {f"aws:RequestTag/{TAG}": ENVIRONMENT}
    always = {**BOUNDED, "kms:GrantIsForAWSResource": "true", "iam:AWSServiceName": service_of(one)}
    if one.action == "secretsmanager:TagResource" and one.handler == "create":
        return always | of_request
    if one.type == "AWS::KMS::Key" and one.handler in ("create", "read"):
        return always | of_request
    return always | OF_OURS


def may(one: Asked, statements: list[dict[str, Any]]) -> bool:
    return allows(statements, one.action, resource(one), context(one))


def test_what_the_resources_of_the_templates_ask_for_is_given_or_withheld_for_a_reason() -> None:
    statements, rows = policy("ServiceRole"), withheld()
    missing = [one for one in asked() if not may(one, statements) and not any(is_listed(one, row) for row in rows)]
    assert missing == []


def test_what_is_withheld_is_asked_for_is_not_given_and_has_a_reason() -> None:
    statements = policy("ServiceRole")
    for row in withheld():
        lacking = [one for one in asked() if is_listed(one, row) and not may(one, statements)]
        assert lacking, row
        assert row["reason"], row


def test_of_what_no_organisation_has_asked_for_nothing_is_missing_either() -> None:
    statements, rows = policy("ServiceRole", PermissionsBoundaryArn="", KmsKeyArn="", ServiceKmsKeyArn=""), withheld()
    listed = [one for one in asked() if not any(is_listed(one, row) for row in rows)]
    lacking = [one for one in listed if not allows(statements, one.action, resource(one), OF_OURS | context(one))]
    assert {one.action.partition(":")[0] for one in lacking} == {"kms"}  # of keys that are not there
    assert {resource(one) for one in lacking} == {KEY}


OTHERS = f"aws:ResourceTag/{TAG}"


@pytest.mark.parametrize(
    ("action", "resource", "given"),
    [
        ("iam:CreateRole", ROLE, {}),
        ("iam:CreateRole", ROLE, {"iam:PermissionsBoundary": f"{BOUNDARY}-wider"}),
        ("iam:PutRolePolicy", ROLE, {}),
        ("iam:AttachRolePolicy", ROLE, {}),
        ("iam:PutRolePermissionsBoundary", ROLE, {"iam:PermissionsBoundary": f"{BOUNDARY}-wider"}),
        ("iam:DeleteRolePermissionsBoundary", ROLE, BOUNDED),
        ("iam:PutRolePolicy", ROLE.replace("landfall-prod", "landfall-dev"), BOUNDED),
        ("iam:PutRolePolicy", f"arn:aws:iam:{GLOBAL}:role/admin", BOUNDED),
        ("iam:PassRole", f"arn:aws:iam:{GLOBAL}:role/admin", BOUNDED),
        ("iam:CreatePolicyVersion", BOUNDARY, BOUNDED),
        ("iam:AttachUserPolicy", f"arn:aws:iam:{GLOBAL}:user/somebody", BOUNDED),
        (
            "iam:CreateServiceLinkedRole",
            f"{SERVICE_ROLES}/organizations.amazonaws.com/AWSServiceRoleForOrganizations",
            {"iam:AWSServiceName": "organizations.amazonaws.com"},
        ),
        # tags that would make a secret or a key ours
        ("kms:TagResource", NEW_KEY, {f"aws:RequestTag/{TAG}": "prod", OTHERS: "dev"}),
        ("kms:TagResource", NEW_KEY, {f"aws:RequestTag/{TAG}": "prod", "kms:ResourceAliases": "alias/payroll"}),
        ("kms:TagResource", NEW_KEY, {f"aws:RequestTag/{TAG}": "dev"}),
        ("kms:PutKeyPolicy", NEW_KEY, {"kms:ResourceAliases": "alias/payroll"}),
        ("kms:PutKeyPolicy", NEW_KEY, {OTHERS: "dev"}),
        ("kms:ScheduleKeyDeletion", NEW_KEY, {}),
        ("kms:Decrypt", NEW_KEY, {OTHERS: "prod"}),
        ("kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "false"}),
        ("secretsmanager:TagResource", SECRET.replace("LoaderSecret", "payroll"), {f"aws:RequestTag/{TAG}": "prod"}),
        ("secretsmanager:TagResource", SECRET, {f"aws:RequestTag/{TAG}": "prod", OTHERS: "dev"}),
        ("secretsmanager:GetSecretValue", SECRET, {OTHERS: "dev"}),
        ("secretsmanager:GetSecretValue", SECRET, {}),
        ("cloudtrail:StopLogging", f"arn:aws:cloudtrail:{HERE}:trail/organisation", {}),
        ("budgets:ModifyBudget", f"arn:aws:budgets:{GLOBAL}:budget/company", {}),
        ("s3:GetObject", f"{BUCKET}/raw/claims/a.parquet", {}),
    ],
)
def test_the_role_of_cloudformation_cannot_widen_its_rights_or_take_what_is_others(
    action: str, resource: str, given: dict[str, str]
) -> None:
    assert not allows(policy("ServiceRole"), action, resource, given)


LOGINS = [SECRET, SECRET.replace("Loader", "Transformer"), SECRET.replace("Loader", "Reader")]
OF_SECRETS = ("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue")


@pytest.mark.parametrize("secret", LOGINS)
@pytest.mark.parametrize("action", OF_SECRETS)
def test_workflows_read_the_logins_of_their_environment_and_not_those_of_another_in_the_account(
    action: str, secret: str
) -> None:
    statements = policy("DeployRole")
    assert allows(statements, action, secret, {OTHERS: ENVIRONMENT})
    assert not allows(statements, action, secret, {OTHERS: "staging"})
    assert not allows(statements, action, secret, {})


def test_workflows_read_the_administrators_secret_whatever_its_tags_and_change_nothing_of_it() -> None:
    statements, secret = policy("DeployRole"), GIVEN["AdminSecretArn"]
    assert [allows(statements, action, secret, {}) for action in OF_SECRETS] == [True, True, False]


@pytest.mark.parametrize(
    ("parameter", "action", "resource"),
    [
        ("WorkgroupId", "redshift-data:ExecuteStatement", f"arn:aws:redshift-serverless:{HERE}:workgroup/{{}}"),
        ("WorkgroupId", "redshift-serverless:GetWorkgroup", f"arn:aws:redshift-serverless:{HERE}:workgroup/{{}}"),
        ("NamespaceId", "redshift-serverless:UpdateNamespace", f"arn:aws:redshift-serverless:{HERE}:namespace/{{}}"),
        ("ClusterIdentifier", "redshift-data:BatchExecuteStatement", f"arn:aws:redshift:{HERE}:cluster:{{}}"),
        ("ClusterIdentifier", "redshift:ModifyClusterIamRoles", f"arn:aws:redshift:{HERE}:cluster:{{}}"),
    ],
)
def test_workflows_change_the_warehouse_that_they_are_given_and_no_other(
    parameter: str, action: str, resource: str
) -> None:
    ours, others = resource.format("ours"), resource.format("others")
    parameters = cfn_yaml.load(str(TEMPLATE))["Parameters"]
    assert "Default" not in parameters[parameter]  # every warehouse of the account is for somebody to ask for
    assert allows(policy("DeployRole", **{parameter: "*"}), action, others, {})
    narrowed = policy("DeployRole", **{parameter: "ours"})
    assert allows(narrowed, action, ours, {})
    assert not allows(narrowed, action, others, {})


def test_workflows_see_the_stacks_of_other_environments_and_change_none_of_them() -> None:
    statements, other = policy("DeployRole"), f"arn:aws:cloudformation:{HERE}:stack/landfall-staging/1a2b3c4d-5e6f"
    assert allows(statements, "cloudformation:DescribeStacks", other, {})
    for action in (
        "cloudformation:CreateChangeSet",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:SetStackPolicy",
    ):
        assert allows(statements, action, other.replace("staging", ENVIRONMENT), {})
        assert not allows(statements, action, other, {})


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules_are_made_and_looked_at_in_whatever_group_of_ours_they_are(schedule: str) -> None:
    for action in ("scheduler:CreateSchedule", "scheduler:UpdateSchedule", "scheduler:DeleteSchedule"):
        assert allows(policy("ServiceRole"), action, schedule, {})
    assert allows(policy("DeployRole"), "scheduler:GetSchedule", schedule, {})
    for others in (schedule.replace("landfall-prod", "landfall-dev"), schedule.replace("landfall-prod", "payroll")):
        assert not allows(policy("ServiceRole"), "scheduler:DeleteSchedule", others, {})


def test_the_group_of_another_environment_is_not_deleted() -> None:
    ours = OURS["scheduler"]["AWS::Scheduler::ScheduleGroup"]
    assert allows(policy("ServiceRole"), "scheduler:DeleteScheduleGroup", ours, {})
    for others in (ours.replace("landfall-prod", "landfall-dev"), f"arn:aws:scheduler:{HERE}:schedule-group/default"):
        assert not allows(policy("ServiceRole"), "scheduler:DeleteScheduleGroup", others, {})


def test_the_role_of_workflows_may_use_the_keys_of_ones_own_where_they_are() -> None:
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        assert allows(policy("DeployRole"), action, KEY, {})
        assert not allows(policy("DeployRole", KmsKeyArn="", ServiceKmsKeyArn=""), action, KEY, {})
        assert not allows(policy("DeployRole"), action, NEW_KEY, {})


@pytest.mark.parametrize("role", ["DeployRole", "ServiceRole"])
def test_the_policies_of_a_role_are_no_longer_than_iam_takes(role: str) -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: without white space
    longest = policy(role, EnvironmentName="e" * 20, RolePath="/an/organisations/path/", **{"AWS::Region": "a" * 14})
    assert len(json.dumps({"Version": "2012-10-17", "Statement": longest}, separators=(",", ":"))) < 10_240


def test_the_guide_names_the_parameters_that_the_roles_share_with_the_deployment_and_what_needs_more() -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    section = guide.partition("## From GitHub")[2].partition("\n## ")[0]
    text = TEMPLATE.read_text(encoding="utf-8")
    shared = [name for name in ("RolePath", "KmsKeyArn", "ServiceKmsKeyArn", "PermissionsBoundaryArn") if name in text]
    assert [name for name in (*shared, "CreateNetwork", "CreateWarehouse") if f"`{name}`" not in section] == []
