"""The Lambda's entry: batches in, ids of the messages that must come back out."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda import handler
from ingest_lambda.arrive.backlog import Backlog
from ingest_lambda.arrive.retry import Retry
from ingest_lambda.errors import ConfigError
from local.home import ROOT
from tests.land.warehouse import Land, message, new_dataset, notification
from tests.support.waiting import wait_for


@dataclass
class Context:
    """What Lambda tells a function of an invocation."""

    seconds: float = 300.0
    function_name: str = "landfall-test-ingest"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:landfall-test-ingest"
    aws_request_id: str = "1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@pytest.fixture
def environment(land: Land, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The function's environment, as the template sets it; the function starts cold."""
    settings = land.settings
    variables = {
        "LANDFALL_BUCKET": settings.bucket,
        "LANDFALL_ENVIRONMENT": settings.environment,
        "LANDFALL_DATABASE": settings.database,
        "LANDFALL_WORKGROUP": settings.workgroup or "",
        "LANDFALL_CLUSTER_ID": "",
        "LANDFALL_SECRET_ARN": settings.secret_arn,
        "LANDFALL_COPY_ROLE_ARN": settings.copy_role_arn,
        "LANDFALL_FAILURE_TOPIC_ARN": settings.failure_topic_arn,
        "LANDFALL_EVENT_BUS": settings.event_bus,
        "LANDFALL_LEASE_TABLE": settings.lease_table,
    }
    aws = {name: value for name, value in land.services.env.items() if name.startswith("AWS_")}
    for name, value in (variables | aws).items():
        monkeypatch.setenv(name, value)
    handler.runtime.cache_clear()
    yield monkeypatch
    handler.runtime.cache_clear()


def invoke(*records: dict[str, Any], context: Context | None = None) -> list[str]:
    answer = handler.handler({"Records": list(records)}, context or Context())  # type: ignore[arg-type]  # a stand-in
    return [str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]


@pytest.mark.usefixtures("environment")
def test_only_the_messages_that_failed_come_back(land: Land) -> None:
    dataset = new_dataset()
    good = message(notification([land.put(f"raw/{dataset}/a.parquet", pa.table({"id": [1]}))]))
    bad_file = message(notification([land.put(f"raw/{dataset}/b.parquet", b"nonsense")]))
    not_json, no_event = message("hello"), message(json.dumps({"Records": [{"eventName": "ObjectCreated:Put"}]}))
    test_event = message(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": land.bucket}))

    failures = invoke(good, not_json, bad_file, no_event, test_event)

    assert failures == [not_json["messageId"], no_event["messageId"]]
    assert land.count(f"landing.{dataset}") == 1


@pytest.mark.usefixtures("environment")
def test_a_message_of_several_files_comes_back_if_one_of_them_must(land: Land) -> None:
    dataset, refused = new_dataset(), new_dataset()
    land.warehouse.transaction([f"create table landing.{refused} (id bigint)"])  # with no ledger: every load fails
    files = [land.put(f"raw/{name}/a.parquet", pa.table({"id": [1]})) for name in (dataset, refused)]
    both = message(notification(files))

    assert invoke(both) == [both["messageId"]]

    assert land.count(f"landing.{dataset}") == 1
    assert land.count(f"landing.{refused}") == 0


@pytest.mark.usefixtures("environment")
def test_a_transient_failure_comes_back_soon_and_not_after_the_queues_time_out(land: Land) -> None:
    sqs = land.client("sqs")
    url = sqs.create_queue(QueueName=new_dataset("queue"), Attributes={"VisibilityTimeout": "3600"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    refused = new_dataset()
    land.warehouse.transaction([f"create table landing.{refused} (id bigint)"])
    file = land.put(f"raw/{refused}/a.parquet", pa.table({"id": [1]}))
    sqs.send_message(QueueUrl=url, MessageBody=notification([file]))
    [received] = sqs.receive_message(QueueUrl=url)["Messages"]
    record = {**message(received["Body"]), "receiptHandle": received["ReceiptHandle"], "eventSourceARN": arn}

    assert invoke(record) == [record["messageId"]]

    [again] = wait_for(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"), "the message")
    assert again["Body"] == received["Body"]


@pytest.mark.usefixtures("environment")
def test_what_is_taken_from_a_backlog_lands_and_fails_by_itself_and_lambda_hears_of_its_own_batch_alone(
    land: Land,
) -> None:
    sqs, dataset, refused = land.client("sqs"), new_dataset(), new_dataset()
    url = sqs.create_queue(QueueName=new_dataset("queue"), Attributes={"VisibilityTimeout": "3600"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    land.warehouse.transaction([f"create table landing.{refused} (id bigint)"])  # with no ledger: every load fails
    good, bad = f"raw/{dataset}", f"raw/{refused}"
    waiting = [land.put(f"{folder}/waiting.parquet", pa.table({"id": [1]})) for folder in (good, bad)]
    for file in waiting:
        sqs.send_message(QueueUrl=url, MessageBody=notification([file]))
    batch = [land.put(f"{good}/{number}.parquet", pa.table({"id": [number]})) for number in range(9)]
    records = [message(notification([file])) for file in [*batch, land.put(f"{bad}/a.parquet", pa.table({"id": [1]}))]]

    failures = invoke(*({**record, "eventSourceARN": arn} for record in records))

    assert failures == [records[-1]["messageId"]]
    assert land.rows(f"select count(*) as n, max(load_seq) as loads from ledger.{dataset}") == [{"n": 10, "loads": 1}]
    [again] = wait_for(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"), "the message")
    assert again["Body"] == notification([waiting[1]])


def test_messages_are_let_go_before_notes_are_written_which_take_long(
    land: Land, environment: pytest.MonkeyPatch
) -> None:
    refused = new_dataset()
    steps: list[str] = []
    land.warehouse.transaction([f"create table landing.{refused} (id bigint)"])  # with no ledger: every load fails
    file = land.put(f"raw/{refused}/a.parquet", pa.table({"id": [1]}))

    def step(name: str, answer: Any) -> Callable[..., Any]:
        def taken(*_: Any) -> Any:
            steps.append(name)
            return answer

        return taken

    environment.setattr(Backlog, "acknowledge", step("acknowledged", None))
    environment.setattr(Retry, "postpone", step("postponed", []))
    environment.setattr("ingest_lambda.ingest.note", step("noted", 0))

    invoke(message(notification([file])))

    assert steps == ["acknowledged", "postponed", "noted"]


@pytest.mark.usefixtures("environment")
def test_what_landed_is_told_to_the_event_bus_with_the_load(land: Land) -> None:
    dataset = new_dataset()
    url = queue_of_events(land, dataset)
    file = land.put(f"raw/{dataset}/a.parquet", pa.table({"id": [1, 2]}))

    invoke(message(notification([file])))
    invoke(message(notification([file])))

    landed, duplicate = (event["detail"] for event in receive(land, url, 2))
    [row] = land.rows(f"select load_id, load_seq from ledger.{dataset}")
    assert landed == {
        "dataset": dataset,
        "load_id": row["load_id"],
        "load_seq": row["load_seq"],
        "files": 1,
        "rows": 2,
        "environment": "test",
        "schema_changes": [],
    }
    assert duplicate == {**landed, "rows": 0}


@pytest.mark.usefixtures("environment")
def test_a_function_that_has_no_time_left_leaves_the_file_for_the_next(land: Land) -> None:
    dataset = new_dataset()
    record = message(notification([land.put(f"raw/{dataset}/a.parquet", pa.table({"id": [1]}))]))

    assert invoke(record, context=Context(seconds=0.5)) == [record["messageId"]]
    assert invoke(record) == []

    assert land.count(f"landing.{dataset}") == 1


def test_a_missing_variable_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("LANDFALL_SECRET_ARN")

    with pytest.raises(ConfigError, match="LANDFALL_SECRET_ARN"):
        invoke(message("{}"))


@pytest.mark.usefixtures("environment")
def test_every_file_has_one_log_line_and_every_load_its_metrics(
    land: Land, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    dataset = new_dataset()
    good = land.put(f"raw/{dataset}/a.parquet", pa.table({"id": [1]}))
    bad = land.put(f"raw/{dataset}/b.parquet", b"nonsense")
    ignored = land.put(f"raw/{dataset}/c.csv", b"id\n1\n")

    invoke(*(message(notification([file])) for file in (good, bad, ignored)))

    told = [vars(record) for record in caplog.records if record.message == "file"]
    assert len(told) == 3
    assert {line["file"]: line["outcome"] for line in told} == {
        good.uri: "landed",
        bad.uri: "rejected",
        ignored.uri: "ignored",
    }
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    metrics = [line for line in printed if line["dataset"] == dataset]
    assert {line["path"]: (line["Files"], line["Rows"], line["Rejects"]) for line in metrics} == {
        "as_is": ([1.0], [1.0], [0.0]),
        "none": ([0.0], [0.0], [1.0]),
    }


def test_the_handler_is_imported_without_pyarrow_and_the_sdk_which_the_first_invocation_brings() -> None:
    heavy = "import sys, ingest_lambda.handler; print(sorted({'pyarrow', 'boto3', 'aws_xray_sdk'} & set(sys.modules)))"

    said = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603 - our own interpreter and text

    assert said.stdout == "[]\n"


def queue_of_events(land: Land, dataset: str) -> str:
    """Route the dataset's events to a queue of their own."""
    sqs, events = land.client("sqs"), land.client("events")
    url = str(sqs.create_queue(QueueName=dataset)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    pattern = {"source": ["landfall.ingest"], "detail-type": ["Dataset landed"], "detail": {"dataset": [dataset]}}
    events.put_rule(Name=dataset, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=dataset, Targets=[{"Id": "queue", "Arn": arn}])
    return url


def receive(land: Land, url: str, number: int) -> list[dict[str, Any]]:
    """Take `number` events out of a queue, in the order in which they were sent."""
    sqs = land.client("sqs")
    events: list[dict[str, Any]] = []

    def are_there() -> bool:
        for received in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
            events.append(json.loads(received["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
        return len(events) >= number

    wait_for(are_there, f"{number} events")
    assert len(events) == number
    return sorted(events, key=lambda event: -int(event["detail"]["rows"]))
