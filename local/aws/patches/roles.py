"""What a service may do as the role it was given: whether it is trusted with the role, and what the policies allow."""

import json
from dataclasses import dataclass, field
from typing import Any

from ministack.core import iam_evaluator  # type: ignore[import-not-found]  # server environment
from ministack.core.iam_actions import identity_denial_message  # type: ignore[import-not-found]  # server environment
from ministack.core.responses import get_region  # type: ignore[import-not-found]  # server environment
from ministack.services import iam  # type: ignore[import-not-found]  # server environment

from local.aws.patches.recorded_rights import record


@dataclass(frozen=True)
class Actor:
    """A service (`states.amazonaws.com`) that acts as a role, for a resource (a state machine's ARN)."""

    service: str
    role: str
    source: str = ""


@dataclass(frozen=True)
class Deed:
    """An action on a resource, with the condition keys of the request, written in lower case."""

    action: str
    resource: str
    keys: dict[str, Any] = field(default_factory=dict)


def refusal(actor: Actor, deed: Deed) -> str | None:
    """Return the words in which AWS denies the deed, or nothing where it is allowed."""
    return distrust(actor) or _denial(actor, deed)


def distrust(actor: Actor) -> str | None:
    """Return why the service cannot assume the role, or nothing where the role trusts it."""
    account, name = _account_and_name(actor.role)
    role = iam._roles.get_scoped(account, None, name) or {}
    context = iam_evaluator.EvalContext(
        principal_arn=actor.service,
        principal_type="Service",
        principal_account=account,
        action="sts:AssumeRole",
        resource_arn=actor.role,
        region=get_region(),
        service_context={"aws:sourceaccount": account, "aws:sourcearn": actor.source},
    )
    for statement in _statements(role.get("AssumeRolePolicyDocument")):
        if iam_evaluator._service_principal_matches(statement.get("Principal"), actor.service):
            allowing = iam_evaluator._first_match(
                context, iam_evaluator.parse_policy_document({"Statement": statement}), "Allow"
            )
            if allowing:
                record(name, allowing.sid, context)
                return None
    return f"{actor.service} is not authorized to perform: sts:AssumeRole on resource: {actor.role}"


def _denial(actor: Actor, deed: Deed) -> str | None:
    account, name = _account_and_name(actor.role)
    session = f"arn:aws:sts::{account}:assumed-role/{name}/{actor.service.partition('.')[0]}"
    context = iam_evaluator.EvalContext(
        principal_arn=session,
        principal_type="AssumedRole",
        principal_account=account,
        action=deed.action,
        resource_arn=deed.resource,
        region=get_region(),
        service_context=deed.keys,
    )
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    result = iam_evaluator.evaluate(context, iam_evaluator._gather_role_policies(name, account), *limits)
    policy = iam_evaluator._resource_policy(deed.action.partition(":")[0], deed.resource)
    if policy is not None:
        result = iam_evaluator.combine_resource_policy(result, context, *policy, limits=limits)
    if result.decision == "Allow":
        return None
    message: str = identity_denial_message(deed.action, session, deed.resource, result.decision == "Deny")
    return message


def _statements(document: str | dict[str, Any] | None) -> list[dict[str, Any]]:
    parsed = json.loads(document) if isinstance(document, str) else document or {}
    statements = parsed.get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def _account_and_name(role: str) -> tuple[str, str]:
    return role.split(":")[4], role.rpartition("/")[2]
