"""What the delivery's roles may: their policies in the terms of one environment, judged as IAM does.

In: infra/delivery/github.yaml. Out: statements, and whether they allow an action of a resource. Allow alone is known,
with the operators of conditions that the template has.
"""

import fnmatch
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]  # cfn-lint marks no types

from local.home import ROOT
from tests.infra.templates import as_list

TEMPLATE = ROOT / "infra" / "delivery" / "github.yaml"
REGION, ACCOUNT, ENVIRONMENT = "eu-central-1", "123456789012", "prod"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/landfall-prod-boundary"
GIVEN = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "EnvironmentName": ENVIRONMENT,
    "Repository": "owner/name",
    "AdminSecretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:redshift-admin-AbCdEf",
    "PermissionsBoundaryArn": BOUNDARY,
    "RolePath": "/",
    "WorkgroupId": "*",
    "NamespaceId": "*",
    "ClusterIdentifier": "*",
    "KmsKeyArn": KEY,
    "ServiceKmsKeyArn": KEY,
}

Statement = Mapping[str, Any]


def policy(role: str, **given: str) -> list[dict[str, Any]]:
    """Return the statements of a role of the template, for the parameters above and those given; `""` is left out."""
    template = json.loads(json.dumps(cfn_yaml.load(str(TEMPLATE))))
    names = GIVEN | given
    found = template["Resources"][role]["Properties"]["Policies"]
    made = _resolved(found, names, template["Conditions"])
    return [statement for each in made for statement in each["PolicyDocument"]["Statement"]]


def allows(statements: Iterable[Statement], action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Tell whether a statement allows an action of a resource (`*` where the action takes none), in a context.

    >>> read = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}
    >>> allows([read], "s3:GetObject", "arn:aws:s3:::b/k", {}), allows([read], "s3:GetObject", "*", {})
    (True, False)
    """
    return any(
        any(fnmatch.fnmatchcase(action.lower(), each.lower()) for each in as_list(statement["Action"]))
        and any(fnmatch.fnmatchcase(resource, each) for each in as_list(statement["Resource"]))
        and all(
            _holds(operator, key, expected, context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, expected in keys.items()
        )
        for statement in statements
    )


def _holds(operator: str, key: str, expected: object, context: Mapping[str, str]) -> bool:
    found = context.get(key)
    if operator == "Null":
        return (found is None) == (expected == "true")
    if found is None:
        return operator.endswith("IfExists")
    if operator.removesuffix("IfExists") in ("StringEquals", "Bool"):
        return found in as_list(expected)
    if operator == "StringLike":
        return any(fnmatch.fnmatchcase(found, each) for each in as_list(expected))
    raise NotImplementedError(operator)


def _resolved(value: Any, names: Mapping[str, str], conditions: Mapping[str, Any]) -> Any:
    """Put parameters in and choose by conditions, each of which says that a parameter is not empty; None goes."""
    if isinstance(value, list):
        return [each for each in (_resolved(item, names, conditions) for item in value) if each is not None]
    if not isinstance(value, Mapping):
        return value
    if "Ref" in value:
        return names.get(value["Ref"])
    if "Fn::GetAtt" in value:
        return f"arn:aws:iam::{ACCOUNT}:role/landfall-delivery-{ENVIRONMENT}-{value['Fn::GetAtt'][0]}-1A2B3C4D5E6F7"
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([\w:]+)\}", lambda found: names[found[1]], value["Fn::Sub"])
    if "Fn::If" in value:
        condition, yes, no = value["Fn::If"]
        (equals,) = conditions[condition]["Fn::Not"]
        return _resolved(yes if names[equals["Fn::Equals"][0]["Ref"]] else no, names, conditions)
    found = {key: _resolved(each, names, conditions) for key, each in value.items()}
    return {key: each for key, each in found.items() if each is not None}
