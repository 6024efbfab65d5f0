"""A schedule, and a rule whose target needs a role, start the target as that role; what it may not start is set aside.

Stock ministack starts every target. On AWS the role must trust the service and allow the call, and an event that it
does not let pass goes to the dead-letter queue at once: a schedule's by the role too, a rule's by the queue's policy
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html).
"""

import json
import logging
from typing import Any

from ministack.core.arn import parse_arn  # type: ignore[import-not-found]  # server environment
from ministack.services import eventbridge, sqs  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source
from local.aws.patches.roles import Actor, Deed, refusal

_ACTIONS = {
    "states": "states:StartExecution",
    "lambda": "lambda:InvokeFunction",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
}
_RULES, _SCHEDULER = "events.amazonaws.com", "scheduler.amazonaws.com"
_logger = logging.getLogger(__name__)


def apply() -> None:
    """Ask before a target is invoked."""
    invoke = eventbridge._invoke_target
    expect_source(invoke, "550e304af08095637ed4de07798e4acc1b1f89316f91ab60d4d865f9f46c58f2")

    def invoke_as_role(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        service = _SCHEDULER if event.get("Source") == "aws.scheduler" else _RULES
        actor = Actor(service, target.get("RoleArn", ""), rule.get("Arn", ""))
        refused = (
            refusal(actor, Deed(_ACTIONS[parse_arn(target["Arn"]).service], target["Arn"])) if actor.role else None
        )
        if refused is None:
            invoke(target, event, rule, view)
            return
        _logger.error("not started: %s", refused)
        _set_aside(actor, target, event)

    eventbridge._invoke_target = invoke_as_role


def _set_aside(actor: Actor, target: dict[str, Any], event: dict[str, Any]) -> None:
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue:
        return
    if actor.service == _SCHEDULER:
        refused = refusal(actor, Deed("sqs:SendMessage", queue))
    else:
        is_allowed = sqs.queue_policy_allows(queue, _RULES, actor.source, parse_arn(queue).account_id)
        refused = None if is_allowed else f"the policy of {queue} does not let {_RULES} send"
    if refused:
        _logger.error("lost: %s", refused)
        return
    whole = eventbridge._pattern_event_view(event).event_with_detail()
    eventbridge._dispatch_to_sqs(parse_arn(queue), target.get("Input") or json.dumps(whole))
