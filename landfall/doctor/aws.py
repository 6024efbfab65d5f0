"""OPERATE, doctor: the checks of what AWS holds. In: a stack. Out: findings."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import boto3

from landfall.doctor.findings import Finding, Status, judged
from landfall.operate import pausing, waiting

if TYPE_CHECKING:
    from landfall.stack import Stack

DEPLOY = "deploy again: landfall deploy"
# The bucket is what a deployment that is made anew keeps.
TURN_ON = "aws s3api put-bucket-versioning --bucket {} --versioning-configuration Status=Enabled"
# A deployment changes what its templates or parameters change, and not what somebody changed by hand.
MAKE_ANEW = (
    "set it back by hand, or make it anew: landfall destroy, which keeps the data, then landfall deploy; what is on "
    "the queues goes (files are found again), and so do subscriptions to topics, which are to be confirmed anew"
)
# Six times the function's timeout: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
VISIBILITY_FACTOR = 6
TOPICS = {
    "failure topic": "FailureTopicArn",
    "alarm topic": "AlarmTopicArn",
    "page topic": "PageTopicArn",
    "success topic": "SuccessTopicArn",
}
MAY_BE_UNHEARD = {"SuccessTopicArn", "PageTopicArn"}  # what pages is on the alarm topic too
SCHEDULE_PARAMETERS = {
    "sweep": "SweepSchedule",
    "daily-sweep": "DailySweepSchedule",
    "freshness": "FreshnessSchedule",
    "reconcile": "ReconcileSchedule",
}


def stack_is_complete(stack: "Stack") -> Iterator[Finding]:
    """Is the last deployment finished, and did it succeed?"""
    (described,) = boto3.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    status = str(described["StackStatus"])
    is_well = status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    yield judged("stack", is_well, f"{stack.name} is {status}", f"see the stack's events, then {DEPLOY}")


def bucket_announces(stack: "Stack") -> Iterator[Finding]:
    """Does the bucket keep versions, and tell the landing queue of every new object under raw/?"""
    versioning = stack.s3.get_bucket_versioning(Bucket=stack.bucket).get("Status", "off")
    yield judged(
        "bucket versions",
        versioning == "Enabled",
        f"versioning of {stack.bucket} is {versioning}",
        TURN_ON.format(stack.bucket),
    )
    configured: Mapping[str, Any] = stack.s3.get_bucket_notification_configuration(Bucket=stack.bucket)
    arn = _attributes(stack, "LandingQueueUrl")["QueueArn"]
    triggers = [each for each in configured.get("QueueConfigurations", []) if each["QueueArn"] == arn]
    is_well = any(_covers_raw(each) for each in triggers)
    detail = "new objects under raw/ are announced" if is_well else "new objects under raw/ are not announced"
    yield judged("bucket trigger", is_well, detail, f"{MAKE_ANEW}; then landfall reconcile --grace 0")


def queue_takes_events(stack: "Stack") -> Iterator[Finding]:
    """May the bucket send to the queue, does the queue hide messages long enough, and where do they go at last?"""
    queue = _attributes(stack, "LandingQueueUrl")
    policy = json.loads(queue.get("Policy", "{}"))
    is_allowed = any(_lets_bucket_send(each, stack.bucket) for each in policy.get("Statement", []))
    said = "the bucket may send to it" if is_allowed else "the bucket may not send to it"
    yield judged("landing queue", is_allowed, said, f"{MAKE_ANEW}; then landfall reconcile --grace 0")
    dead = _attributes(stack, "DeadLetterQueueUrl")
    target = json.loads(queue.get("RedrivePolicy", "{}")).get("deadLetterTargetArn")
    is_kept = target == dead["QueueArn"]
    yield judged("dead-letter queue", is_kept, f"what fails for good goes to {target or 'nowhere'}", MAKE_ANEW)
    timeout = stack.lambda_.get_function_configuration(FunctionName=stack.output("IngestFunctionName"))["Timeout"]
    hidden = int(queue["VisibilityTimeout"])
    detail = f"a message is hidden for {hidden} s, the function has {timeout} s"
    yield judged("visibility", hidden >= VISIBILITY_FACTOR * timeout, detail, MAKE_ANEW)


def no_dead_letters(stack: "Stack") -> Iterator[Finding]:
    """Has anything failed for good?"""
    count = int(_attributes(stack, "DeadLetterQueueUrl")["ApproximateNumberOfMessages"])
    remedy = "docs/runbook.md#files-dead-lettered; when the cause is gone: landfall replay --dlq"
    yield judged("dead letters", count == 0, f"{count} messages on the dead-letter queue", remedy)


def nothing_is_tried_again(stack: "Stack") -> Iterator[Finding]:
    """Do files come back, because loading them failed?"""
    found = waiting.still_waiting(stack)
    example = f"; as {found[0].file.uri}: {waiting.words(found[0])}" if found else ""
    remedy = "they are safe, and land by themselves when the cause is gone: landfall history --outcome waiting"
    if any(map(waiting.is_given_up, found)):
        remedy = "some are given up; when the cause is gone: landfall replay --dlq"
    yield judged("retries", not found, f"{len(found)} files wait for another try{example}", remedy, Status.WARNING)


def functions_are_active(stack: "Stack") -> Iterator[Finding]:
    """Are the functions there, and was their last update taken?"""
    for output in ("IngestFunctionName", "TransformFunctionName", "ReconcileFunctionName"):
        found = stack.lambda_.get_function_configuration(FunctionName=stack.output(output))
        state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
        is_well = (state, update) == ("Active", "Successful")
        detail = f"{found['FunctionName']} is {state}, its last update {update}"
        yield judged("function", is_well, detail, found.get("StateReason") or DEPLOY)


def starts_by_itself(stack: "Stack") -> Iterator[Finding]:
    """Is landing on, and do the schedules run?"""
    switches = {switch.name: switch for switch in pausing.switches(stack)}
    if "landing" not in switches:
        yield Finding("landing", Status.FAILED, "nothing takes messages from the landing queue", MAKE_ANEW)
    for switch in switches.values():
        state = "on" if switch.is_on else "paused"
        yield judged(switch.name, switch.is_on, f"{switch.starts}: {state}", "landfall resume", Status.WARNING)
    for name, parameter in SCHEDULE_PARAMETERS.items():
        if name not in switches:
            remedy = f"set the parameter {parameter}, unless you start it by other means"
            yield Finding(name, Status.WARNING, f"{pausing.SCHEDULES[name]}: not scheduled", remedy)


def alarms_may_ring(stack: "Stack") -> Iterator[Finding]:
    """Are there alarms, and do all of them act?

    A deployment that lets no schedule run leaves those of missed schedules silent: by its parameter, which is nothing
    to mend, or since all was paused, until `landfall resume`. And somebody may have silenced one. Those of an
    environment whose name begins as this one's are not looked at.
    """
    prefix = f"landfall-{stack.environment}-"
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
    found = [alarm for page in pages for alarm in page["MetricAlarms"]]
    ours = {
        str(alarm["AlarmName"]): bool(alarm["ActionsEnabled"])
        for alarm in found
        if alarm.get("AlarmDescription", "").endswith(f"#{alarm['AlarmName'].removeprefix(prefix)}")
    }
    silent = sorted(name for name, acts in ours.items() if not acts)
    if not ours:
        yield Finding("alarms", Status.FAILED, "there are none", MAKE_ANEW)
    elif not silent:
        yield Finding("alarms", Status.OK, f"{len(ours)} alarms, and all of them act")
    else:
        of_schedules = {f"{prefix}{name}" for name in pausing.ALARMS}
        rest = silent if _schedules_run(stack) else [name for name in silent if name not in of_schedules]
        by_hand = [f"aws cloudwatch enable-alarm-actions --alarm-names {' '.join(rest)}"] if rest else []
        waits = len(rest) < len(silent) and pausing.is_paused(stack)
        remedy = "; ".join([*by_hand, *(["landfall resume"] if waits else [])])
        why = "" if rest or waits else ", since no schedule runs by the parameter ScheduleState"
        said = f"{len(ours)} alarms, of which say nothing{why}: {', '.join(silent)}"
        yield judged("alarms", not remedy, said, remedy, Status.WARNING)


def _schedules_run(stack: "Stack") -> bool:
    found = [switch.is_on for switch in pausing.switches(stack) if switch.name in pausing.SCHEDULES]
    return any(found) or not found


def somebody_is_told(stack: "Stack") -> Iterator[Finding]:
    """Does anybody get the alerts?"""
    for check, output in TOPICS.items():
        if output == "PageTopicArn" and output not in stack.outputs:  # which releases before did not tell
            continue
        found = stack.sns.get_topic_attributes(TopicArn=stack.output(output))["Attributes"]
        confirmed, pending = int(found["SubscriptionsConfirmed"]), int(found["SubscriptionsPending"])
        detail = f"{confirmed} subscriptions, {pending} more not confirmed"
        is_well = pending == 0 and (confirmed > 0 or output in MAY_BE_UNHEARD)
        remedy = "confirm what AWS sent, by mail or URL" if pending else "subscribe somebody: parameter AlertEmail"
        yield judged(check, is_well, detail, remedy, Status.WARNING)


def transform_runs(stack: "Stack") -> Iterator[Finding]:
    """Is the state machine there, and how did its last execution end?"""
    arn = stack.output("StateMachineArn")
    status = stack.step_functions.describe_state_machine(stateMachineArn=arn).get("status", "ACTIVE")
    yield judged("transform", status == "ACTIVE", f"the state machine is {status}", DEPLOY)
    newest = stack.step_functions.list_executions(stateMachineArn=arn, maxResults=1)["executions"]
    if newest:
        ended = newest[0]["status"]
        remedy = "docs/runbook.md#transform-broke; then landfall transform --wait"
        yield judged("last transform", ended in {"SUCCEEDED", "RUNNING"}, f"{newest[0]['name']} {ended}", remedy)


def _attributes(stack: "Stack", queue: str) -> dict[str, str]:
    found = stack.sqs.get_queue_attributes(QueueUrl=stack.output(queue), AttributeNames=["All"])["Attributes"]
    return {str(name): value for name, value in found.items()}


def _covers_raw(trigger: Mapping[str, Any]) -> bool:
    """Tell whether a notification is for every new object under raw/."""
    rules = trigger.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    filters = {str(rule["Name"]).lower(): rule["Value"] for rule in rules}
    whole = "raw/".startswith(filters.pop("prefix", "")) and not any(filters.values())
    return whole and "s3:ObjectCreated:*" in trigger["Events"]


def _lets_bucket_send(statement: Mapping[str, Any], bucket: str) -> bool:
    """Tell whether a statement of the queue's policy is the one that lets S3 send for this bucket."""
    principal = statement.get("Principal")
    services = principal.get("Service", "") if isinstance(principal, Mapping) else ""
    sources = [value for condition in statement.get("Condition", {}).values() for value in condition.values() if value]
    return (
        statement.get("Effect") == "Allow"
        and "s3.amazonaws.com" in services
        and any(str(source).endswith(f":{bucket}") for source in sources)
    )
