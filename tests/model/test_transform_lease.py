"""The transform state machine, deployed from model.yaml on the local AWS: one run at a time, and nothing is lost.

The function behind it is a small recorder built here, because the subject is the flow between the actions; the real
function runs in the end-to-end tests.
"""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.aws import service
from local.aws.environment import ensure_environment
from local.ports import choose_ports, is_answering

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "infra" / "cloudformation"
DEBOUNCE_SECONDS = 1
PATIENCE_SECONDS = 30.0

RECORDER = '''
import json, pathlib, time

FOLDER = pathlib.Path({folder!r})


class GatekeeperError(Exception):
    """What the test asked for."""


def handler(event, context):
    action = event["action"]
    script = json.loads((FOLDER / "script.json").read_text())
    with (FOLDER / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps({{"action": action, "execution": event["execution"], "at": time.time()}}) + "\\n")
    time.sleep(script.get(action + "_seconds", 0))
    if script.get("fails") == action:
        raise GatekeeperError("the " + action + " action broke")
    if action == "plan":
        return {{"build": script.get("build", True), "select": []}}
    if action == "report":
        outcome = script.get("outcome", "succeeded")
        return {{
            "result": {{"status": "done", "outcome": outcome, "gates": [], "models": [], "run_id": "r1"}},
            "message": {{
                "subject": "a subject",
                "body": json.dumps({{"default": "a text", "sqs": json.dumps({{"outcome": outcome}})}}),
                "attributes": {{"severity": {{"DataType": "String", "StringValue": "low"}}}},
            }},
        }}
    if action == "build":
        return {{"outcome": script.get("outcome", "succeeded")}}
    return {{}}
'''


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Return the first true value of `condition`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {PATIENCE_SECONDS} s")


@dataclass
class Flow:
    """A deployed state machine and what watches it."""

    clients: Callable[[str], Any]
    outputs: dict[str, str]
    queues: dict[str, str]
    folder: Path

    def script(self, **what: Any) -> None:
        """Tell the recorder how to behave, and forget what was recorded before."""
        (self.folder / "script.json").write_text(json.dumps(what))
        (self.folder / "calls.jsonl").write_text("")
        for url in self.queues.values():
            self.clients("sqs").purge_queue(QueueUrl=url)

    def calls(self, execution: str | None = None) -> list[str]:
        """Return the actions that were called, in order."""
        lines = [json.loads(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]
        return [line["action"] for line in lines if execution in (None, line["execution"])]

    def start(self, **request: Any) -> str:
        """Start an execution and return its ARN."""
        answer = self.clients("stepfunctions").start_execution(
            stateMachineArn=self.outputs["StateMachineArn"], input=json.dumps(request)
        )
        return str(answer["executionArn"])

    def end_of(self, execution: str) -> dict[str, Any]:
        """Return the execution's description once it has ended, its output parsed."""

        def ended() -> Any:
            described = self.clients("stepfunctions").describe_execution(executionArn=execution)
            return described if described["status"] != "RUNNING" else None

        described: dict[str, Any] = wait_for(ended, "the execution's end")
        described["output"] = json.loads(described.get("output") or "null")
        return described

    def executions(self) -> list[str]:
        """Return the ARN of every execution, newest first."""
        answer = self.clients("stepfunctions").list_executions(stateMachineArn=self.outputs["StateMachineArn"])
        return [execution["executionArn"] for execution in answer["executions"]]

    def lease(self) -> dict[str, Any] | None:
        """Return the lease item, or None."""
        item: dict[str, Any] | None = (
            self.clients("dynamodb")
            .get_item(
                TableName=self.outputs["LeaseTableName"], Key={"lease_id": {"S": "transform"}}, ConsistentRead=True
            )
            .get("Item")
        )
        return item

    def put_lease(self, holder: str, expires_at: float) -> None:
        """Write the lease as if `holder` held it."""
        self.clients("dynamodb").put_item(
            TableName=self.outputs["LeaseTableName"],
            Item={
                "lease_id": {"S": "transform"},
                "holder": {"S": holder},
                "rerun": {"BOOL": False},
                "expires_at": {"N": str(int(expires_at))},
            },
        )

    def drop_lease(self) -> None:
        """Delete the lease."""
        self.clients("dynamodb").delete_item(
            TableName=self.outputs["LeaseTableName"], Key={"lease_id": {"S": "transform"}}
        )

    def messages(self, topic: str) -> list[dict[str, Any]]:
        """Return the bodies of the messages of a topic since the last script."""
        answer = self.clients("sqs").receive_message(QueueUrl=self.queues[topic], MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """Run a local AWS of this module's own and yield what makes a client of a service."""
    import boto3

    home = tmp_path_factory.mktemp("aws")
    (port,) = choose_ports(1)
    process = service.start(
        home, ROOT, port, None, ensure_environment(ROOT / ".landfall" / "aws-venv", lambda _text: None)
    )
    wait_for(lambda: is_answering(port), "the local AWS")
    session: Any = boto3.Session(
        aws_access_key_id=service.ACCESS_KEY_ID,
        aws_secret_access_key=service.SECRET_ACCESS_KEY,
        region_name="us-east-1",
    )
    made: dict[str, Any] = {}

    def client(name: str) -> Any:
        if name not in made:
            made[name] = session.client(name, endpoint_url=f"http://127.0.0.1:{port}")
        return made[name]

    yield client
    service.end(home, process)


def deploy(clients: Callable[[str], Any], template: str, parameters: dict[str, str]) -> dict[str, str]:
    """Create a stack from a template of the product and return its outputs."""
    cloudformation = clients("cloudformation")
    cloudformation.create_stack(
        StackName=template.removesuffix(".yaml"),
        TemplateBody=(TEMPLATES / template).read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )

    def finished() -> Any:
        stack = cloudformation.describe_stacks(StackName=template.removesuffix(".yaml"))["Stacks"][0]
        return stack if not stack["StackStatus"].endswith("IN_PROGRESS") else None

    stack = wait_for(finished, f"the stack of {template}")
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def zip_of(source: str) -> bytes:
    """Return a function's zip with `source` as its handler's module."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("transform_lambda/__init__.py", "")
        archive.writestr("transform_lambda/handler.py", source)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def deployed(clients: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """Deploy alert.yaml and model.yaml with the recorder as their function, and subscribe a queue to each topic."""
    folder = tmp_path_factory.mktemp("recorder")
    s3 = clients("s3")
    s3.create_bucket(Bucket="artifacts")
    s3.put_object(Bucket="artifacts", Key="recorder.zip", Body=zip_of(RECORDER.format(folder=str(folder))))
    s3.put_object(Bucket="artifacts", Key="asl", Body=(TEMPLATES / "transform.asl.json").read_bytes())
    topics = deploy(clients, "alert.yaml", {"EnvironmentName": "test"})
    parameters = {
        "EnvironmentName": "test",
        "BucketName": "artifacts",
        "BucketArn": "arn:aws:s3:::artifacts",
        "ArtifactBucket": "artifacts",
        "TransformCodeKey": "recorder.zip",
        "StateMachineKey": "asl",
        "WorkgroupName": "none",
        "RedshiftHost": "127.0.0.1",
        "TransformerSecretArn": "arn:aws:secretsmanager:us-east-1:000000000000:secret:none",
        "DebounceSeconds": str(DEBOUNCE_SECONDS),
        "SweepSchedule": "",
        **topics,
    }
    outputs = deploy(clients, "model.yaml", parameters)
    queues = {}
    for name, arn in topics.items():
        url = clients("sqs").create_queue(QueueName=name)["QueueUrl"]
        queue_arn = clients("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        clients("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn["Attributes"]["QueueArn"])
        queues[name.removesuffix("TopicArn").lower()] = url
    return Flow(clients, outputs, queues, folder)


@pytest.fixture
def flow(deployed: Flow) -> Flow:
    """Return the deployed flow with nothing running and no lease."""
    for execution in deployed.executions():
        deployed.end_of(execution)
    deployed.drop_lease()
    deployed.script()
    return deployed


ROUND = ["plan", "build", "archive", "report"]


def test_a_run_takes_every_step_in_order_and_gives_the_lease_back(flow: Flow) -> None:
    execution = flow.start()
    ended = flow.end_of(execution)
    assert ended["status"] == "SUCCEEDED", ended
    assert ended["output"]["outcome"] == "succeeded"
    assert flow.calls() == ROUND
    assert flow.lease() is None


def test_nothing_to_build_ends_after_the_plan_and_tells_nobody(flow: Flow) -> None:
    flow.script(build=False)
    ended = flow.end_of(flow.start())
    assert ended["output"]["status"] == "done"
    assert ended["output"]["reason"] == "nothing to build"
    assert flow.calls() == ["plan"]
    assert flow.lease() is None
    assert flow.messages("success") == flow.messages("failure") == []


def test_of_two_executions_at_once_one_joins_and_the_holder_runs_again(flow: Flow) -> None:
    flow.script(build_seconds=2)
    holder = flow.start()
    wait_for(lambda: "build" in flow.calls(), "the first build")
    joiner = flow.start()
    joined = flow.end_of(joiner)
    assert joined["output"] == {"status": "joined", "holder": holder}
    assert flow.end_of(holder)["status"] == "SUCCEEDED"
    assert flow.calls(holder) == ROUND * 2
    assert flow.calls(joiner) == []
    assert flow.lease() is None


def test_many_executions_at_once_cost_at_most_one_more_round(flow: Flow) -> None:
    flow.script(build_seconds=1)
    executions = [flow.start() for _ in range(6)]
    outputs = [flow.end_of(execution)["output"] for execution in executions]
    assert sorted(output["status"] for output in outputs) == ["done"] + ["joined"] * 5
    assert flow.calls() in (ROUND, ROUND * 2)
    assert flow.lease() is None


def test_requests_during_the_debounce_are_covered_by_the_round_that_follows(flow: Flow) -> None:
    holder = flow.start()
    wait_for(flow.lease, "the lease")
    assert flow.end_of(flow.start())["output"]["holder"] == holder
    assert flow.end_of(holder)["status"] == "SUCCEEDED"
    assert flow.calls() == ROUND


def test_the_lease_of_a_dead_execution_is_taken_over_once_it_has_expired(flow: Flow) -> None:
    flow.put_lease("arn:of:the:dead", time.time() - 5)
    assert flow.end_of(flow.start())["output"]["status"] == "done"
    assert flow.calls() == ROUND


def test_a_lease_that_has_not_expired_is_respected(flow: Flow) -> None:
    flow.put_lease("arn:of:another", time.time() + 600)
    assert flow.end_of(flow.start())["output"] == {"status": "joined", "holder": "arn:of:another"}
    assert flow.calls() == []
    lease = flow.lease()
    assert lease is not None
    assert lease["rerun"] == {"BOOL": True}


@pytest.mark.parametrize("action", ROUND)
def test_an_action_that_breaks_fails_the_execution_tells_support_and_frees_the_lease(flow: Flow, action: str) -> None:
    flow.script(fails=action)
    ended = flow.end_of(flow.start())
    assert ended["status"] == "FAILED"
    assert ended["error"] == "GatekeeperError"
    assert flow.calls() == ROUND[: ROUND.index(action) + 1]
    assert flow.lease() is None
    (message,) = flow.messages("failure")
    assert json.loads(message["Message"])["error"] == "GatekeeperError"
    assert message["MessageAttributes"]["severity"]["Value"] == "critical"
    assert flow.messages("success") == []


def test_who_joined_a_run_that_broke_gets_a_run_of_a_successor(flow: Flow) -> None:
    flow.script(build_seconds=2, fails="build")
    broken = flow.start()
    wait_for(lambda: "build" in flow.calls(), "the build")
    flow.end_of(flow.start())
    wait_for(lambda: flow.end_of(broken)["status"] == "FAILED", "the failure")
    wait_for(lambda: len(flow.executions()) and flow.executions()[0] != broken, "the successor")
    for execution in flow.executions():
        flow.end_of(execution)
    assert flow.calls().count("plan") == 2
    assert flow.lease() is None


@pytest.mark.parametrize(
    ("outcome", "topic"), [("succeeded", "success"), ("gate_failed", "failure"), ("error", "failure")]
)
def test_each_outcome_goes_to_its_topic_once_with_its_attributes(flow: Flow, outcome: str, topic: str) -> None:
    flow.script(outcome=outcome)
    ended = flow.end_of(flow.start())
    assert ended["status"] == "SUCCEEDED"
    assert ended["output"]["outcome"] == outcome
    (message,) = flow.messages(topic)
    assert json.loads(message["Message"]) == {"outcome": outcome}
    assert message["MessageAttributes"]["severity"]["Value"] == "low"
    other = {"success": "failure", "failure": "success"}[topic]
    assert flow.messages(other) == []


def test_a_landed_data_set_starts_a_run(flow: Flow) -> None:
    before = set(flow.executions())
    entry = {
        "Source": "landfall.ingest",
        "DetailType": "Dataset landed",
        "Detail": json.dumps({"dataset": "order_summary", "load_id": "l", "load_seq": 1, "files": 1, "rows": 2}),
    }
    answer = flow.clients("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0
    started = wait_for(lambda: set(flow.executions()) - before, "the execution")
    assert flow.end_of(started.pop())["status"] == "SUCCEEDED"
    assert flow.calls() == ROUND


def test_a_landed_data_set_of_another_environment_starts_nothing(flow: Flow) -> None:
    before = set(flow.executions())
    for environment in ("other", "test"):
        detail = {"dataset": "order_summary", "environment": environment}
        entry = {"Source": "landfall.ingest", "DetailType": "Dataset landed", "Detail": json.dumps(detail)}
        flow.clients("events").put_events(Entries=[entry])
    started = wait_for(lambda: set(flow.executions()) - before, "the execution for this environment")
    flow.end_of(next(iter(started)))
    assert len(set(flow.executions()) - before) == 1
