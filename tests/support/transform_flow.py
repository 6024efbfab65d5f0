"""The transform state machine as model.yaml deploys it, in front of a function that records what it is asked."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest_lambda.tell.mark import ChangeMark
from local.home import ROOT
from tests.support.lambdas import unique, zip_of
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for

TEMPLATES = ROOT / "infra" / "cloudformation"
DEBOUNCE_SECONDS = 1
PUBLISH = "publish"

RECORDER = '''
import json, pathlib, time

FOLDER = pathlib.Path({folder!r})


class GatekeeperError(Exception):
    """What the test asked for."""


def is_held(action):
    script = json.loads((FOLDER / "script.json").read_text())
    return script.get("holds") == action and not (FOLDER / "released").exists()


def handler(event, context):
    action = event["action"]
    script = json.loads((FOLDER / "script.json").read_text())
    with (FOLDER / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps(event) + "\\n")
    while is_held(action):
        time.sleep(0.02)
    if script.get("fails") == action:
        raise GatekeeperError("the " + action + " action broke")
    if action == "plan":
        parts, entities = script.get("parts", [""]), script.get("entities", [])
        build, quiet = script.get("build", True), script.get("quiet", False)
        about = {{"quiet": quiet, "quiet_until": script.get("quiet_until", 0)}}
        return {{"build": build, **about, "select": [], "parts": parts, "entities": entities}}
    if action == "build":
        if not event["part"] and script.get("breaks_whole"):
            raise type(script["breaks_whole"], (Exception,), {{}})("the whole is too much")
        outcome = script.get("outcome", "succeeded")
        built = (event["so_far"] or {{}}).get("built", []) + [event["part"]]
        return {{"outcome": outcome, "part_outcome": outcome, "built": built}}
    if action == "archive":
        tagged = ((event["so_far"] or {{}}).get("marked", 0)) + 1
        return {{"marked": tagged, "after": "f" if tagged < script.get("pages", 1) else None}}
    if action in ("report", "freshness"):
        outcome = script.get("outcome", "succeeded")
        error = (event.get("archive") or {{}}).get("error")
        unmarked = {{"unmarked": error}} if error else {{}}
        message = {{
            "subject": "a subject",
            "body": json.dumps({{"default": "a text", "sqs": json.dumps({{"outcome": outcome}})}}),
            "attributes": {{"severity": {{"DataType": "String", "StringValue": "low"}}}},
        }}
        return {{
            "result": {{"status": "done", "outcome": outcome, "gates": [], "models": [], "run_id": "r1", **unmarked}},
            "message": None if script.get("told") else message,
            "alert": None if script.get("told") else {{"fingerprint": "f1"}},
        }}
    if action == "remember":
        return {{"quiet": event["look"] and script.get("leaves_nothing", False)}}
    return {{}}
'''


@dataclass
class Flow:
    """A deployed state machine and what watches it."""

    aws: LocalServices
    environment: str
    outputs: dict[str, str]
    queues: dict[str, str]
    folder: Path
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return a boto3 client, made once: the tests ask often."""
        if service not in self.clients:
            self.clients[service] = self.aws.client(service)
        return self.clients[service]

    def script(self, **what: Any) -> None:
        """Tell the recorder how to behave, and forget what was recorded before."""
        (self.folder / "script.json").write_text(json.dumps(what))
        (self.folder / "calls.jsonl").write_text("")
        (self.folder / "released").unlink(missing_ok=True)
        for url in self.queues.values():
            self.client("sqs").purge_queue(QueueUrl=url)

    def release(self) -> None:
        """Let the action go on, from now on, that the script `holds`."""
        (self.folder / "released").touch()

    def events(self, action: str | None = None) -> list[dict[str, Any]]:
        """Return what the function was given, in order, by one action or by all."""
        lines = [json.loads(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]
        return [line for line in lines if action in (None, line["action"])]

    def calls(self, execution: str | None = None) -> list[str]:
        """Return the actions of runs that were called, in order; the page, which is made after all of them, apart."""
        return [action for action in self._actions(execution) if action != PUBLISH]

    def pages(self, execution: str | None = None) -> int:
        """Return how often the operator's page was to be made, which is the last thing that is asked each time."""
        return self._actions(execution).count(PUBLISH)

    def _actions(self, execution: str | None) -> list[str]:
        return [event["action"] for event in self.events() if execution in (None, event["execution"])]

    def start(self, **request: Any) -> str:
        """Start an execution and return its ARN."""
        answer = self.client("stepfunctions").start_execution(
            stateMachineArn=self.outputs["StateMachineArn"], input=json.dumps(request)
        )
        return str(answer["executionArn"])

    def end_of(self, execution: str) -> dict[str, Any]:
        """Return the execution's description once it has ended, its output parsed."""

        wait_for(lambda: self.is_ended(execution), "the execution's end")
        described = self._described(execution)
        described["output"] = json.loads(described.get("output") or "null")
        return described

    def is_ended(self, execution: str) -> bool:
        """Tell whether an execution has ended."""
        return bool(self._described(execution)["status"] != "RUNNING")

    def _described(self, execution: str) -> dict[str, Any]:
        described: dict[str, Any] = self.client("stepfunctions").describe_execution(executionArn=execution)
        return described

    def executions(self) -> list[str]:
        """Return the ARN of every execution, newest first."""
        answer = self.client("stepfunctions").list_executions(stateMachineArn=self.outputs["StateMachineArn"])
        return [execution["executionArn"] for execution in answer["executions"]]

    def lease(self) -> dict[str, Any] | None:
        """Return the lease item, or None."""
        item: dict[str, Any] | None = (
            self.client("dynamodb")
            .get_item(
                TableName=self.outputs["LeaseTableName"], Key={"lease_id": {"S": "transform"}}, ConsistentRead=True
            )
            .get("Item")
        )
        return item

    def mark(self) -> tuple[int, bool]:
        """Return how many changes were counted, and whether none of them is left to look at."""
        table, key = self.outputs["LeaseTableName"], {"lease_id": {"S": "changes"}}
        item = self.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
        return int(item.get("change_number", {"N": "0"})["N"]), "cleared_for" in item

    def set_mark(self) -> None:
        """Set the mark as the ingest function does."""
        ChangeMark(self.client("dynamodb"), self.outputs["LeaseTableName"]).set()

    def put_lease(self, holder: str, expires_at: float, **flags: bool) -> None:
        """Write the lease as if `holder` held it."""
        self.client("dynamodb").put_item(
            TableName=self.outputs["LeaseTableName"],
            Item={
                "lease_id": {"S": "transform"},
                "holder": {"S": holder},
                "rerun": {"BOOL": False},
                "expires_at": {"N": str(int(expires_at))},
                **{name: {"BOOL": value} for name, value in flags.items()},
            },
        )

    def come_to_rest(self) -> None:
        """Wait for the end of whatever runs, and delete the lease."""
        for execution in self.executions():
            self.end_of(execution)
        self.drop_lease()

    def drop_lease(self) -> None:
        """Delete the lease."""
        self.client("dynamodb").delete_item(
            TableName=self.outputs["LeaseTableName"], Key={"lease_id": {"S": "transform"}}
        )

    def messages(self, topic: str) -> list[dict[str, Any]]:
        """Return the bodies of the messages of a topic since the last script."""
        answer = self.client("sqs").receive_message(QueueUrl=self.queues[topic], MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def deploy_flow(aws: LocalServices, folder: Path) -> Flow:
    """Deploy alert.yaml and model.yaml with the recorder as their function, and subscribe a queue to each topic."""
    environment = unique("flow")
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=environment)
    recorder = {
        "transform_lambda/__init__.py": "",
        "transform_lambda/handler.py": RECORDER.format(folder=str(folder)),
    }
    s3.put_object(Bucket=environment, Key="recorder.zip", Body=zip_of(recorder))
    s3.put_object(Bucket=environment, Key="asl", Body=(TEMPLATES / "transform.asl.json").read_bytes())
    topics = create_stack(aws, environment, "alert", {"EnvironmentName": environment})
    parameters = {
        "EnvironmentName": environment,
        "BucketName": environment,
        "BucketArn": f"arn:aws:s3:::{environment}",
        "ArtifactBucket": environment,
        "TransformCodeKey": "recorder.zip",
        "StateMachineKey": "asl",
        "WorkgroupName": "none",
        "RedshiftHost": "127.0.0.1",
        "TransformerSecretArn": "arn:aws:secretsmanager:us-east-1:000000000000:secret:none",
        "DebounceSeconds": str(DEBOUNCE_SECONDS),
        "SweepSchedule": "",
        "DailySweepSchedule": "",
        "FreshnessSchedule": "",
        **topics,
    }
    outputs = create_stack(aws, environment, "model", parameters)
    queues = {
        name.removesuffix("TopicArn").lower(): subscribed_queue(aws, f"{environment}-{name}", arn)
        for name, arn in topics.items()
    }
    return Flow(aws, environment, outputs, queues, folder)


def create_stack(aws: LocalServices, environment: str, template: str, parameters: dict[str, str]) -> dict[str, str]:
    """Create a stack from a template of the product, named after the environment; return its outputs."""
    cloudformation = aws.client("cloudformation")
    name = f"{environment}-{template}"
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=(TEMPLATES / f"{template}.yaml").read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )

    def finished() -> Any:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

    stack = wait_for(finished, f"the stack of {template}.yaml")
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def subscribed_queue(aws: LocalServices, name: str, topic: str, filter_policy: dict[str, Any] | None = None) -> str:
    """Create a queue that a topic may send to, and subscribe it; return its URL."""
    sqs = aws.client("sqs")
    url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
            }
        ],
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    attributes = {"FilterPolicy": json.dumps(filter_policy)} if filter_policy else {}
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    return url
