"""What local AWS holds survives its end and, since the last checkpoint, its death."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import stack
from local.home import Home
from local.processes import is_running
from local.services import AWS, checkpoint
from local.state import State, load
from tests.support import run_folder
from tests.support.lambdas import allow, log_lines, unique
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for

STACK = "everything"
FILE = {"Bucket": "landing-bucket", "Key": "raw/it's=1+ü %41/a.parquet"}
BODIES = [b"first", b"second"]
CODE = 'def handler(event, context):\n    print("ran", event.get("Records", [event])[0])\n    return "code survives"\n'


def role_of(*services: str) -> dict[str, Any]:
    """Return a role that may do all that the resources here do, for the services."""
    trusted = {"Service": [f"{service}.amazonaws.com" for service in services]}
    trust = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    rights = allow("lambda:InvokeFunction", "states:StartExecution", "sqs:*", "logs:*")
    properties = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", "Statement": [rights]}}],
    }
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def everything(rule_description: str) -> str:
    """Return a template with one resource of each service that the product uses, connected as the product's are."""
    queue_policy = {
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}],
        "Version": "2012-10-17",
    }
    machine = {"StartAt": "Call", "States": {"Call": {"Type": "Task", "Resource": "${Function}", "End": True}}}
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "landing"}},
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": queue_policy},
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "DependsOn": "QueuePolicy",
            "Properties": {
                "BucketName": "landing-bucket",
                "VersioningConfiguration": {"Status": "Enabled"},
                "NotificationConfiguration": {
                    "QueueConfigurations": [
                        {"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["Queue", "Arn"]}},
                    ]
                },
            },
        },
        "Role": role_of("lambda", "states", "events", "scheduler"),
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "function",
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": CODE},
            },
        },
        "Source": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                "FunctionName": {"Ref": "Function"},
            },
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "DefinitionString": {"Fn::Sub": json.dumps(machine).replace("${Function}", "${Function.Arn}")},
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Description": rule_description,
                "EventPattern": {"source": ["landfall.ingest"]},
                "Targets": [
                    {"Id": "machine", "Arn": {"Ref": "Machine"}, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}},
                ],
            },
        },
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "success"}},
        "Inbox": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "inbox"}},
        "InboxPolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Inbox"}], "PolicyDocument": queue_policy},
        },
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "Topic"},
                "Protocol": "sqs",
                "Endpoint": {"Fn::GetAtt": ["Inbox", "Arn"]},
            },
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "lease",
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "lease_id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "lease_id", "KeyType": "HASH"}],
            },
        },
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "Name": "login",
                "GenerateSecretString": {"SecretStringTemplate": '{"username": "u"}', "GenerateStringKey": "password"},
            },
        },
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": "alarm",
                "Namespace": "AWS/SQS",
                "MetricName": "ApproximateNumberOfMessagesVisible",
                "Statistic": "Maximum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 0,
                "ComparisonOperator": "GreaterThanThreshold",
            },
        },
        "Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": "sweep",
                "ScheduleExpression": "rate(1 hour)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {"Arn": {"Ref": "Machine"}, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}},
            },
        },
        "LogGroup": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": "/aws/lambda/function", "RetentionInDays": 30},
        },
    }
    outputs = {"MachineArn": {"Value": {"Ref": "Machine"}}, "TopicArn": {"Value": {"Ref": "Topic"}}}
    return json.dumps({"Resources": resources, "Outputs": outputs})


class Lifecycle:
    """A local AWS of the test's own, which it may end and start."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.aws = self.start()

    def start(self) -> LocalServices:
        state = stack.start(self.home, print, (AWS,))
        assert state.ports is not None
        self.aws = LocalServices(self.home, state.ports)
        return self.aws

    def end(self) -> None:
        stack.down(self.home, print)

    def kill(self) -> None:
        process = self.state.processes[AWS]
        os.kill(process.pid, signal.SIGKILL)
        wait_for(lambda: not is_running(process), "the end of the server")

    @property
    def state(self) -> State:
        return load(self.home)


@pytest.fixture(params=["ended in order", "killed after a checkpoint"])
def restarted(request: pytest.FixtureRequest) -> Iterator[tuple[LocalServices, dict[str, Any]]]:
    """Local AWS after a restart, and what was in it before."""
    lifecycle = Lifecycle(Home(run_folder.folder() / unique("persistence")))
    before = fill(lifecycle.aws)
    if request.param == "ended in order":
        lifecycle.end()
    else:
        checkpoint(lifecycle.home, lifecycle.state)
        lifecycle.kill()
    yield lifecycle.start(), before
    lifecycle.end()


def fill(aws: LocalServices) -> dict[str, Any]:
    """Deploy everything, put data in, and return what must still be true after a restart."""
    aws.client("cloudformation").create_stack(
        StackName=STACK, TemplateBody=everything("first"), Capabilities=["CAPABILITY_IAM"]
    )
    outputs = wait_for(lambda: stack_outputs(aws), "the stack")
    s3 = aws.client("s3")
    versions = [s3.put_object(**FILE, Body=body)["VersionId"] for body in BODIES]
    tags = {"TagSet": [{"Key": "landfall", "Value": "modeled"}]}
    s3.put_object_tagging(**FILE, VersionId=versions[0], Tagging=tags)
    s3.put_object(Bucket="landing-bucket", Key="raw/deleted", Body=b"d")
    s3.delete_object(Bucket="landing-bucket", Key="raw/deleted")
    aws.client("dynamodb").put_item(TableName="lease", Item={"lease_id": {"S": "transform"}, "rerun": {"BOOL": True}})
    aws.client("sqs").send_message(QueueUrl=queue_url(aws, "inbox"), MessageBody="waiting")
    wait_for(lambda: len([line for line in log_lines(aws, "function") if line.startswith("ran")]) >= 2, "the events")
    secret = aws.client("secretsmanager").get_secret_value(SecretId="login")["SecretString"]
    return {"outputs": outputs, "versions": versions, "secret": secret}


def stack_outputs(aws: LocalServices) -> dict[str, str] | None:
    """Return the outputs of the stack once it is complete."""
    [found] = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    if not found["StackStatus"].endswith("COMPLETE"):
        return None
    assert found["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def queue_url(aws: LocalServices, name: str) -> str:
    url: str = aws.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    return url


def test_every_service_comes_back_as_it_was(restarted: tuple[LocalServices, dict[str, Any]]) -> None:
    aws, before = restarted
    objects_keep_versions_tags_and_delete_markers(aws, before["versions"])
    assert aws.client("secretsmanager").get_secret_value(SecretId="login")["SecretString"] == before["secret"]
    item = aws.client("dynamodb").get_item(TableName="lease", Key={"lease_id": {"S": "transform"}})["Item"]
    assert item["rerun"] == {"BOOL": True}
    [message] = aws.client("sqs").receive_message(QueueUrl=queue_url(aws, "inbox"))["Messages"]
    assert message["Body"] == "waiting"
    assert [alarm["AlarmName"] for alarm in aws.client("cloudwatch").describe_alarms()["MetricAlarms"]] == ["alarm"]
    assert aws.client("scheduler").get_schedule(Name="sweep")["ScheduleExpression"] == "rate(1 hour)"
    [group] = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/function")["logGroups"]
    assert group["retentionInDays"] == 30
    assert any(line.startswith("ran") for line in log_lines(aws, "function"))
    events_flow_from_the_bucket_to_the_function(aws)
    events_start_the_state_machine(aws, before["outputs"]["MachineArn"])
    messages_reach_subscriptions(aws, before["outputs"]["TopicArn"])
    the_stack_can_be_updated(aws, before["outputs"])


def objects_keep_versions_tags_and_delete_markers(aws: LocalServices, versions: list[str]) -> None:
    s3 = aws.client("s3")
    assert [s3.get_object(**FILE, VersionId=version)["Body"].read() for version in versions] == BODIES
    assert s3.get_object(**FILE)["VersionId"] == versions[1]
    tags = [s3.get_object_tagging(**FILE, VersionId=version)["TagSet"] for version in versions]
    assert tags == [[{"Key": "landfall", "Value": "modeled"}], []]
    listing = s3.list_object_versions(Bucket="landing-bucket", Prefix="raw/deleted")
    assert [marker["IsLatest"] for marker in listing["DeleteMarkers"]] == [True]
    assert [version["IsLatest"] for version in listing["Versions"]] == [False]


def events_flow_from_the_bucket_to_the_function(aws: LocalServices) -> None:
    new = aws.client("s3").put_object(Bucket="landing-bucket", Key="raw/new", Body=b"n")["VersionId"]
    wait_for(lambda: any(new in line for line in log_lines(aws, "function")), "the event of the new version")


def events_start_the_state_machine(aws: LocalServices, machine: str) -> None:
    entry = {"Source": "landfall.ingest", "DetailType": "Dataset landed", "Detail": "{}"}
    aws.client("events").put_events(Entries=[entry])
    machines = aws.client("stepfunctions")

    def outputs() -> list[str]:
        executions = machines.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")["executions"]
        return [machines.describe_execution(executionArn=each["executionArn"])["output"] for each in executions]

    assert wait_for(outputs, "an execution") == ['"code survives"']


def messages_reach_subscriptions(aws: LocalServices, topic: str) -> None:
    aws.client("sns").publish(TopicArn=topic, Message="done")
    url = queue_url(aws, "inbox")
    found = wait_for(lambda: aws.client("sqs").receive_message(QueueUrl=url).get("Messages"), "the message")
    assert json.loads(found[0]["Body"])["Message"] == "done"


def the_stack_can_be_updated(aws: LocalServices, outputs: dict[str, str]) -> None:
    cloudformation = aws.client("cloudformation")
    cloudformation.update_stack(StackName=STACK, TemplateBody=everything("second"), Capabilities=["CAPABILITY_IAM"])
    assert wait_for(lambda: stack_outputs(aws), "the update") == outputs
    [rule] = aws.client("events").list_rules()["Rules"]
    assert rule["Description"] == "second"


def test_nothing_is_left_beside_the_home(tmp_path: Path) -> None:
    lifecycle = Lifecycle(Home(run_folder.folder() / unique("leftovers")))
    fill(lifecycle.aws)
    assert any((lifecycle.home.aws / "tmp").iterdir())
    lifecycle.end()
    assert not (lifecycle.home.aws / "tmp").exists()
    assert lifecycle.state.processes == {}
