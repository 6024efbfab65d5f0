"""Services act as the roles that they were given.

By the patches function_roles, started_by_roles, state_machine_roles and leading_keys. Each case is shown allowed and
refused, and what was refused has changed nothing. What was allowed is written down (recorded_rights).
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws.server import rights_path
from tests.support.lambdas import (
    allow,
    client_of_function,
    create_function,
    create_role,
    invoke,
    log_lines,
    may_log,
    unique,
)
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for

PRINTS = """
def handler(event, context):
    print("it ran")
"""
ENDS = {"StartAt": "End", "States": {"End": {"Type": "Pass", "End": True}}}


def statement(action: str, resource: str, **conditions: Any) -> dict[str, Any]:
    """Return a statement that allows one action on one resource."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": conditions}


def make_queue(aws: LocalServices, *senders: str) -> tuple[str, str]:
    """Return (URL, ARN) of a new queue that lets the services send."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for sender in senders:
        principal = {"Service": f"{sender}.amazonaws.com"}
        policy = {"Version": "2012-10-17", "Statement": [{**statement("sqs:SendMessage", arn), "Principal": principal}]}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    return url, arn


def bodies(aws: LocalServices, url: str) -> list[str]:
    """Return what is on a queue by now."""
    received = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in received.get("Messages", [])]


def make_table(aws: LocalServices) -> str:
    """Return the name of a new table."""
    name = unique("table")
    aws.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def items(aws: LocalServices, table: str) -> list[str]:
    """Return the keys of a table's items."""
    return [item["id"]["S"] for item in aws.client("dynamodb").scan(TableName=table)["Items"]]


def one_item(table: str, action: str) -> dict[str, Any]:
    """Return a statement that allows an action on the item `mine` alone."""
    keys = {"dynamodb:LeadingKeys": ["mine"]}
    return statement(
        action, f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}", **{"ForAllValues:StringEquals": keys}
    )


def make_machine(aws: LocalServices, definition: dict[str, Any], *statements: dict[str, Any]) -> str:
    """Return the ARN of a state machine whose role has the statements."""
    made = aws.client("stepfunctions").create_state_machine(
        name=unique("machine"), definition=json.dumps(definition), roleArn=create_role(aws, "states", *statements)
    )
    return str(made["stateMachineArn"])


def run(aws: LocalServices, machine: str) -> dict[str, Any]:
    """Run a state machine; return the description of its end."""
    steps = aws.client("stepfunctions")
    execution = steps.start_execution(stateMachineArn=machine)["executionArn"]

    def ended() -> dict[str, Any] | None:
        described: dict[str, Any] = steps.describe_execution(executionArn=execution)
        return described if described["status"] != "RUNNING" else None

    return wait_for(ended, "the execution's end")


def task(resource: str, **parameters: Any) -> dict[str, Any]:
    """Return a definition of one task."""
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "End": True}
    return {"StartAt": "Do", "States": {"Do": state}}


def test_a_task_changes_the_item_that_its_role_may_change_and_no_other(local_aws: LocalServices) -> None:
    table = make_table(local_aws)
    for key, status in (("mine", "SUCCEEDED"), ("another", "FAILED")):
        put = task("dynamodb:putItem", TableName=table, Item={"id": {"S": key}})
        ended = run(local_aws, make_machine(local_aws, put, one_item(table, "dynamodb:PutItem")))
        assert ended["status"] == status
    assert ended["error"] == "DynamoDB.AmazonDynamoDBException"
    assert "because no identity-based policy allows the dynamodb:PutItem action" in ended["cause"]
    assert items(local_aws, table) == ["mine"]


@pytest.mark.parametrize(
    ("resource", "action", "error"),
    [
        ("lambda:invoke", "lambda:InvokeFunction", "Lambda.AWSLambdaException"),
        ("sns:publish", "sns:Publish", "SNS.AuthorizationErrorException"),
        ("states:startExecution", "states:StartExecution", "StepFunctions.AWSStepFunctionsException"),
    ],
)
def test_a_task_calls_what_its_role_allows(local_aws: LocalServices, resource: str, action: str, error: str) -> None:
    function = create_function(local_aws, PRINTS) if "lambda" in resource else ""
    topic = local_aws.client("sns").create_topic(Name=unique("topic"))["TopicArn"] if "sns" in resource else ""
    machine = make_machine(local_aws, ENDS) if "states" in resource else ""
    arguments: dict[str, dict[str, Any]] = {
        "lambda:invoke": {"FunctionName": function, "Payload": {}},
        "sns:publish": {"TopicArn": topic, "Message": "m"},
        "states:startExecution": {"StateMachineArn": machine},
    }
    calls = task(resource, **arguments[resource])
    allowed = statement(action, function or topic or machine)
    assert run(local_aws, make_machine(local_aws, calls, allowed))["status"] == "SUCCEEDED"
    refused = run(local_aws, make_machine(local_aws, calls, statement(action, "arn:aws:sns:us-east-1:000000000000:no")))
    assert (refused["status"], refused["error"]) == ("FAILED", error)


def test_a_machine_whose_role_trusts_another_service_does_nothing(local_aws: LocalServices) -> None:
    topic = local_aws.client("sns").create_topic(Name=unique("topic"))["TopicArn"]
    publish = task("sns:publish", TopicArn=topic, Message="m")
    machine = make_machine(local_aws, publish)
    other = create_role(local_aws, "events", allow("sns:Publish"))
    local_aws.client("stepfunctions").update_state_machine(stateMachineArn=machine, roleArn=other)
    ended = run(local_aws, machine)
    assert ended["cause"] == f"states.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: {other}"


@pytest.mark.parametrize("is_allowed", [True, False])
def test_a_rule_starts_what_its_role_allows_and_sets_the_rest_aside(local_aws: LocalServices, is_allowed: bool) -> None:
    source, (url, aside) = unique("source"), make_queue(local_aws, "events")
    machine = make_machine(local_aws, ENDS)
    role = create_role(
        local_aws, "events", statement("states:StartExecution", machine if is_allowed else f"{machine}-no")
    )
    events = local_aws.client("events")
    events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))
    target = {"Id": "1", "Arn": machine, "RoleArn": role, "DeadLetterConfig": {"Arn": aside}}
    events.put_targets(Rule=source, Targets=[target])
    events.put_events(Entries=[{"Source": source, "DetailType": "d", "Detail": json.dumps({"number": 7})}])

    def executions() -> list[dict[str, Any]]:
        listed = local_aws.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
        return list(listed)

    if is_allowed:
        wait_for(executions, "the execution")
        assert bodies(local_aws, url) == []
    else:
        (body,) = wait_for(lambda: bodies(local_aws, url), "the event that was set aside")
        assert json.loads(body)["detail"] == {"number": 7}
        assert executions() == []


def test_a_function_that_may_not_log_runs_and_leaves_no_log(local_aws: LocalServices) -> None:
    logs, silent = create_function(local_aws, PRINTS), create_function(local_aws, PRINTS, allow("logs:PutLogEvents"))
    assert [invoke(local_aws, function) for function in (logs, silent)] == [None, None]
    assert "it ran" in wait_for(lambda: log_lines(local_aws, logs), "the log")
    assert log_lines(local_aws, silent) == []


def test_a_function_whose_role_does_not_trust_lambda_does_not_start(local_aws: LocalServices) -> None:
    function = create_function(local_aws, PRINTS)
    other = create_role(local_aws, "states", may_log())
    local_aws.client("lambda").update_function_configuration(FunctionName=function, Role=other)
    assert "errorMessage" in invoke(local_aws, function)
    assert log_lines(local_aws, function) == []


def test_a_queue_is_read_and_emptied_as_far_as_the_role_of_its_function_allows(local_aws: LocalServices) -> None:
    cases = {
        "all": ("sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:DeleteMessage"),
        "keeps": ("sqs:ReceiveMessage", "sqs:GetQueueAttributes"),
        "unread": ("sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    }
    functions, queues = {}, {}
    for case, actions in cases.items():
        functions[case] = create_function(local_aws, PRINTS, allow(*actions), may_log())
        queues[case], arn = make_queue(local_aws)
        local_aws.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=functions[case])
        local_aws.client("sqs").send_message(QueueUrl=queues[case], MessageBody=case)

    def left(case: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = local_aws.client("sqs").get_queue_attributes(QueueUrl=queues[case], AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    wait_for(lambda: log_lines(local_aws, functions["all"]) and left("all") == 0, "the messages of the first")
    wait_for(lambda: log_lines(local_aws, functions["keeps"]), "the messages of the second")
    assert (left("keeps"), left("unread")) == (1, 1)
    assert log_lines(local_aws, functions["unread"]) == []


def test_a_function_changes_the_item_that_its_role_may_change_and_no_other(local_aws: LocalServices) -> None:
    table, sid = make_table(local_aws), unique("Sid").replace("-", "")
    unused = {**one_item(table, "dynamodb:DeleteItem"), "Sid": f"{sid}Unused"}
    may_put = {**one_item(table, "dynamodb:PutItem"), "Sid": sid}
    dynamodb = client_of_function(local_aws, "dynamodb", unused, may_put)
    dynamodb.put_item(TableName=table, Item={"id": {"S": "mine"}})
    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.put_item(TableName=table, Item={"id": {"S": "another"}})
    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.delete_item(TableName=table, Key={"id": {"S": "another"}})
    assert items(local_aws, table) == ["mine"]
    lines = [json.loads(line) for line in rights_path(local_aws.home.aws).read_text().splitlines()]
    (line,) = [line for line in lines if line["sid"].startswith(sid)]
    assert (line["sid"], line["action"]) == (sid, "dynamodb:PutItem")
    assert line["resource"].endswith(f"table/{table}")
