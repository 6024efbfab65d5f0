"""`landfall doctor`: each check passes where all is well, and names what is wrong where it is not."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ingest_lambda.arrive.routing import Rules
from ingest_lambda.errors import ConfigError, TransientError
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.snapshots import End, Snapshot
from ingest_lambda.load.outcomes import Status as Ended
from ingest_lambda.reconcile import snapshots
from landfall.commands import doctor as command
from landfall.deploy import bootstrap
from landfall.doctor import aws, folders, warehouse
from landfall.doctor.findings import Check, Finding, Status, examine
from landfall.operate import declared, pausing
from landfall.stack import Stack
from tests.land.flaky_data_api import FlakyDataApi
from tests.land.warehouse import login, new_dataset
from tests.landfall.conftest import Desk
from tests.support.lambdas import unique


def states(findings: list[Finding]) -> dict[str, str]:
    return {finding.check: finding.status.value for finding in findings}


def run(check: Check, stack: Stack) -> list[Finding]:
    return examine(stack, [("check", check)])


@pytest.fixture
def wired(desk: Desk) -> Iterator[Desk]:
    """The bucket announces to the landing queue, as a deployment wires them."""
    url, bucket = desk.stack.output("LandingQueueUrl"), desk.land.bucket
    dead = desk.stack.sqs.get_queue_attributes(
        QueueUrl=desk.stack.output("DeadLetterQueueUrl"), AttributeNames=["QueueArn"]
    )
    redrive = {"deadLetterTargetArn": dead["Attributes"]["QueueArn"], "maxReceiveCount": "12"}
    desk.stack.sqs.set_queue_attributes(
        QueueUrl=url,
        Attributes={"Policy": queue_policy(f"arn:aws:s3:::{bucket}"), "RedrivePolicy": json.dumps(redrive)},
    )
    yield desk
    notify(desk, None)
    desk.messages()


def queue_policy(source: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def notify(desk: Desk, prefix: str | None, event: Any = "s3:ObjectCreated:*") -> None:
    """Let the bucket announce objects under a prefix; None: nothing."""
    url = desk.stack.output("LandingQueueUrl")
    arn = desk.stack.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rules = {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix or ""}]}}
    trigger: Any = {"QueueArn": arn, "Events": [event], "Filter": rules}
    configuration: Any = {"QueueConfigurations": [trigger]} if prefix is not None else {}
    desk.stack.s3.put_bucket_notification_configuration(
        Bucket=desk.land.bucket, NotificationConfiguration=configuration
    )


@pytest.mark.parametrize(
    ("prefix", "event", "state"),
    [
        ("raw/", "s3:ObjectCreated:*", "ok"),
        ("", "s3:ObjectCreated:*", "ok"),
        ("raw/orders/", "s3:ObjectCreated:*", "failed"),
        ("raw/", "s3:ObjectCreated:Put", "failed"),
        (None, "", "failed"),
    ],
)
def test_a_bucket_that_does_not_announce_everything_under_raw_is_found(
    wired: Desk, prefix: str | None, event: str, state: str
) -> None:
    notify(wired, prefix, event)
    found = run(aws.bucket_announces, wired.stack)
    assert states(found) == {"bucket versions": "ok", "bucket trigger": state}
    assert all((finding.remedy is None) == (finding.status is Status.OK) for finding in found)


def test_a_queue_that_another_bucket_alone_may_send_to_is_found(wired: Desk) -> None:
    own, other = (json.loads(queue_policy(f"arn:aws:s3:::{name}")) for name in (wired.land.bucket, "another"))
    (allowed,), (foreign,) = own["Statement"], other["Statement"]
    assert aws._lets_bucket_send(allowed, wired.land.bucket)
    assert not aws._lets_bucket_send(foreign, wired.land.bucket)
    assert not aws._lets_bucket_send({**allowed, "Effect": "Deny"}, wired.land.bucket)


def test_dead_letters_are_found_with_the_command_that_sends_them_back(desk: Desk) -> None:
    assert states(run(aws.no_dead_letters, desk.stack)) == {"dead letters": "ok"}
    desk.stack.sqs.send_message(QueueUrl=desk.stack.output("DeadLetterQueueUrl"), MessageBody="x")
    (finding,) = run(aws.no_dead_letters, desk.stack)
    assert (finding.status, "landfall replay --dlq" in (finding.remedy or "")) == (Status.FAILED, True)
    desk.messages("DeadLetterQueueUrl")


def test_files_that_wait_for_another_try_are_a_warning_with_the_last_error_until_they_have_landed(desk: Desk) -> None:
    file = desk.land.put(f"raw/{new_dataset()}/a.parquet", pa.table({"id": [1]}))
    desk.land.function(FlakyDataApi(desk.land.client("redshift-data"), 1, answer_lost=False)).receive(file)
    (finding,) = run(aws.nothing_is_tried_again, desk.stack)
    assert finding.status is Status.WARNING
    assert f"{file.uri}: tried once: RefusedError: " in finding.detail
    assert "landfall history --outcome waiting" in (finding.remedy or "")

    desk.function.receive(file, receive_count=2)
    assert file.key not in run(aws.nothing_is_tried_again, desk.stack)[0].detail


def test_a_topic_that_nobody_hears_is_a_warning(desk: Desk) -> None:
    topic = desk.stack.sns.create_topic(Name=new_dataset("unheard"))["TopicArn"]
    topics = dict.fromkeys(("FailureTopicArn", "AlarmTopicArn", "PageTopicArn", "SuccessTopicArn"), topic)
    stack = replace(desk.stack, outputs={**desk.stack.outputs, **topics})
    assert states(run(aws.somebody_is_told, stack)) == {
        "failure topic": "warning",
        "alarm topic": "warning",
        "page topic": "ok",
        "success topic": "ok",
    }
    del topics["PageTopicArn"]  # as of a release before
    stack = replace(desk.stack, outputs={**desk.stack.outputs, **topics})
    assert states(run(aws.somebody_is_told, stack)).keys() == {"failure topic", "alarm topic", "success topic"}


def test_a_pager_that_has_not_been_confirmed_is_a_warning_though_alarms_are_mailed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"confirmed": ("1", "0"), "pending": ("0", "1")}
    arns = dict.fromkeys(aws.TOPICS.values(), "confirmed") | {"PageTopicArn": "pending"}

    def attributes(TopicArn: str) -> dict[str, dict[str, str]]:  # noqa: N803 - boto3's name
        confirmed, pending = counts[TopicArn]
        return {"Attributes": {"SubscriptionsConfirmed": confirmed, "SubscriptionsPending": pending}}

    stack = replace(desk.stack, outputs={**desk.stack.outputs, **arns})
    monkeypatch.setattr(stack.sns, "get_topic_attributes", attributes)
    found = {finding.check: finding for finding in run(aws.somebody_is_told, stack)}
    assert {check for check, finding in found.items() if finding.status is not Status.OK} == {"page topic"}
    assert found["page topic"].remedy == "confirm what AWS sent, by mail or URL"


class Alarms:
    """The alarms of an environment of its own, in the desk's account."""

    def __init__(self, desk: Desk) -> None:
        self.client: Any = boto3.client("cloudwatch")
        self.environment = unique("env")
        self.stack = replace(desk.stack, outputs={**desk.stack.outputs, "EnvironmentName": self.environment})
        self.names: list[str] = []

    def put(self, name: str, *, acts: bool, section: str = "") -> str:
        """Make an alarm, of another environment where the section of the runbook is another; return its name."""
        alarm = f"landfall-{self.environment}-{name}"
        self.names.append(alarm)
        self.client.put_metric_alarm(
            AlarmName=alarm,
            AlarmDescription=f"Something is wrong. Runbook: docs/runbook.md#{section or name}",
            ActionsEnabled=acts,
            Namespace="AWS/SQS",
            MetricName="Age",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="LessThanThreshold",
        )
        return alarm

    def judged(self) -> Finding:
        """Return what doctor finds."""
        (found,) = run(aws.alarms_may_ring, self.stack)
        return found


@pytest.fixture
def alarms(desk: Desk) -> Iterator[Alarms]:
    """Yield the alarms of an environment, none yet."""
    made = Alarms(desk)
    yield made
    made.client.delete_alarms(AlarmNames=made.names or ["none"])


def test_alarms_that_act_no_more_are_a_warning_until_the_command_that_it_names_is_run(alarms: Alarms) -> None:
    assert (alarms.judged().status, alarms.judged().detail) == (Status.FAILED, "there are none")
    alarms.put("files-waiting", acts=True)
    alarms.put("eu-schedule-missed", acts=False, section="schedule-missed")  # of the environment <this one>-eu
    assert alarms.judged().status is Status.OK
    silent = alarms.put("transform-broke", acts=False)
    found = alarms.judged()
    assert (found.status, found.detail) == (Status.WARNING, f"2 alarms, of which say nothing: {silent}")
    assert found.remedy == f"aws cloudwatch enable-alarm-actions --alarm-names {silent}"
    alarms.client.enable_alarm_actions(AlarmNames=[silent])
    assert alarms.judged().status is Status.OK


@pytest.mark.parametrize(
    ("landing", "schedules", "status", "remedy"),
    [
        (True, True, Status.WARNING, "aws cloudwatch enable-alarm-actions --alarm-names {missed}"),
        (False, False, Status.WARNING, "landfall resume"),
        (True, False, Status.OK, ""),  # by the parameter ScheduleState: nothing can be missed
    ],
)
def test_alarms_of_schedules_that_do_not_run_are_silent_until_what_stopped_them_is_undone(
    alarms: Alarms,
    monkeypatch: pytest.MonkeyPatch,
    landing: bool,
    schedules: bool,
    status: Status,
    remedy: str,
) -> None:
    switches = [pausing.Switch(name, starts, schedules) for name, starts in pausing.SCHEDULES.items()]
    monkeypatch.setattr(pausing, "switches", lambda _: switches)
    monkeypatch.setattr(pausing, "is_paused", lambda _: not landing)
    missed = alarms.put("schedule-missed", acts=False)
    found = alarms.judged()
    assert (found.status, found.remedy or "") == (status, remedy.format(missed=missed))
    other = alarms.put("transform-broke", acts=False)
    found = alarms.judged()
    assert found.status is Status.WARNING
    assert found.remedy
    assert f"--alarm-names {' '.join([missed, other] if schedules else [other])}" in found.remedy
    assert ("landfall resume" in found.remedy) == (remedy == "landfall resume")


@pytest.fixture
def peopled(desk: Desk) -> Desk:
    """A desk whose stack has the secrets of all users, as a deployment makes them."""
    manager, facts = desk.land.client("secretsmanager"), desk.land.services.redshift

    def secret(name: str, password: str) -> str:
        content = json.dumps({"username": name, "password": password})
        arn: str = manager.create_secret(Name=new_dataset("secret"), SecretString=content)["ARN"]
        return arn

    logins = [login(user) for user in (bootstrap.TRANSFORMER, bootstrap.READER)]
    transformer, reader = (secret(login.username, login.password) for login in logins)
    outputs = {**desk.stack.outputs, "TransformerSecretArn": transformer, "ReaderSecretArn": reader}
    outputs["AdminSecretArn"] = secret(str(facts["admin_user"]), str(facts["admin_password"]))
    stack = replace(desk.stack, outputs=outputs)
    existing = {login.username for login in logins}
    stack.warehouse_as("AdminSecretArn").transaction(bootstrap.user_statements(logins, existing))
    return replace(desk, stack=stack)


def test_schemas_bookkeeping_and_rights_are_as_the_bootstrap_makes_them_or_named(peopled: Desk) -> None:
    desk, dataset = peopled, new_dataset()
    desk.land.rows(f"create table landing.{dataset} (a integer)")
    transformer = desk.stack.warehouse_as("TransformerSecretArn")
    transformer.transaction([f"create table modeled.{dataset} (a integer)"])
    for check in (
        warehouse.schemas_are_owned,
        warehouse.bookkeeping_is_there,
        warehouse.rights_are_granted,
    ):
        assert {finding.status for finding in run(check, desk.stack)} == {Status.OK}

    desk.land.rows(f"revoke select on landing.{dataset} from {bootstrap.TRANSFORMER}")  # noqa: S608 - our names
    lacking = [each for each in run(warehouse.rights_are_granted, desk.stack) if each.status is Status.FAILED]
    assert [f"landing.{dataset}" in finding.detail for finding in lacking] == [True]
    desk.land.rows(f"drop table landing.{dataset}")

    transformer.transaction([f"revoke select on modeled.{dataset} from {bootstrap.READER}"])  # noqa: S608 - our names
    lacking = [each for each in run(warehouse.rights_are_granted, desk.stack) if each.status is Status.FAILED]
    assert [f"modeled.{dataset}" in finding.detail for finding in lacking] == [True]
    transformer.transaction([f"drop table modeled.{dataset}"])

    desk.land.rows("alter table ops.runs rename to runs_elsewhere")
    (finding,) = run(warehouse.bookkeeping_is_there, desk.stack)
    assert (finding.status, finding.detail) == (Status.FAILED, "not there: runs")
    desk.land.rows("alter table ops.runs_elsewhere rename to runs")


def test_a_snapshot_that_stays_half_is_a_warning_until_it_is_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = new_dataset()
    contracts = {dataset: Contract(snapshot=Snapshot(End.MARKER, "_SUCCESS"))}
    monkeypatch.setattr(desk.land, "contracts", contracts)
    monkeypatch.setattr(declared, "contracts", lambda: contracts)
    function = desk.land.function()
    function.receive(desk.land.put(f"raw/{dataset}/a.parquet", pa.table({"id": [1]})))
    assert states(run(warehouse.snapshots_are_whole, desk.stack)) == {"snapshots": "ok"}, "it may be on its way"

    monkeypatch.setattr(snapshots, "PATIENCE", timedelta(0))
    (finding,) = run(warehouse.snapshots_are_whole, desk.stack)
    assert finding.status is Status.WARNING
    assert f"landed: raw/{dataset}/a.parquet; missing: the marker _SUCCESS" in finding.detail
    assert "store the marker _SUCCESS" in (finding.remedy or "")

    function.receive(desk.land.put(f"raw/{dataset}/_SUCCESS", b""))
    assert states(run(warehouse.snapshots_are_whole, desk.stack)) == {"snapshots": "ok"}


def test_a_column_that_became_a_key_is_a_warning_until_the_command_that_it_names_is_run(desk: Desk) -> None:
    dataset = new_dataset()
    desk.function.receive(desk.land.put(f"raw/{dataset}/a.parquet", pa.table({"id": [1]})))
    desk.land.warehouse.execute(f"alter table landing.{dataset} alter diststyle key distkey id")

    [found] = [each for each in run(warehouse.columns_may_change, desk.stack) if f"landing.{dataset}:" in each.detail]

    assert (found.check, found.status) == ("keys", Status.WARNING)
    assert "id is the distkey" in found.detail
    assert found.remedy is not None
    desk.land.warehouse.execute(found.remedy.partition("run: ")[2])
    assert [each for each in run(warehouse.columns_may_change, desk.stack) if dataset in each.detail] == []


def test_copy_is_tried_with_a_probe_that_leaves_nothing(desk: Desk) -> None:
    role = desk.land.settings.copy_role_arn
    right = replace(desk.stack, outputs={**desk.stack.outputs, "CopyRoleArn": role})
    assert states(run(warehouse.copy_reads_the_bucket, right)) == {"COPY": "ok"}
    wrong = replace(desk.stack, outputs={**desk.stack.outputs, "CopyRoleArn": f"{role}-unknown"})
    (finding,) = run(warehouse.copy_reads_the_bucket, wrong)
    assert (finding.status, "attach the role" in (finding.remedy or "")) == (Status.FAILED, True)
    assert desk.land.keys("staging/doctor-") == set()


def test_unload_is_tried_with_a_probe_that_leaves_nothing(desk: Desk, export_role: str) -> None:
    right = replace(desk.stack, outputs={**desk.stack.outputs, "ExportRoleArn": export_role})
    assert states(run(warehouse.unload_writes_exports, right)) == {"UNLOAD": "ok"}
    wrong = replace(desk.stack, outputs={**desk.stack.outputs, "ExportRoleArn": f"{export_role}-unknown"})
    (finding,) = run(warehouse.unload_writes_exports, wrong)
    assert (finding.status, "attach the role" in (finding.remedy or "")) == (Status.WARNING, True)
    assert "nothing can be exported" in finding.detail
    assert desk.land.keys("exports/_doctor/") == set()


def test_a_bucket_full_of_ignored_files_is_a_warning_that_says_why(desk: Desk) -> None:
    s3, name = desk.stack.s3, new_dataset("full").replace("_", "-")
    s3.create_bucket(Bucket=name)
    stack = replace(desk.stack, outputs={**desk.stack.outputs, "BucketName": name})
    usual = ["raw/orders/", *(f"raw/orders/{number}/_SUCCESS" for number in range(20)), "raw/orders/1/part-0.parquet"]
    for key in usual:
        s3.put_object(Bucket=name, Key=key, Body=b"")
    (finding,) = run(folders.little_is_ignored, stack)
    assert (finding.status, finding.detail) == (Status.OK, "0 of the first 22 objects under raw/ are ignored")

    for number in range(12):
        s3.put_object(Bucket=name, Key=f"raw/orders/{number:02}.csv", Body=b"a")
        s3.put_object(Bucket=name, Key=f"raw/orders/_temporary/{number}.parquet", Body=b"a")
    (finding,) = run(folders.little_is_ignored, stack)

    assert finding.status is Status.WARNING
    assert "24 of the first 46 objects under raw/ are ignored" in finding.detail
    assert "12 a format that its dataset does not declare, 12 a writer's own file" in finding.detail
    assert "raw/orders/00.csv: orders takes no csv" in finding.detail
    assert "landfall history --ignored" in (finding.remedy or "")


def test_folders_that_may_be_other_tables_are_a_warning_until_they_are_declared(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema, table, plain = new_dataset("shop"), new_dataset("orders"), new_dataset("plain")
    keys = (f"raw/{schema}/orders/a.parquet", f"raw/{schema}/region=EU/a.parquet", f"raw/{plain}/2026/11/28/a.parquet")
    files = [desk.land.put(key, pa.table({"id": [1]})) for key in keys]
    with monkeypatch.context() as patched:  # before there was a rule
        patched.setattr(desk.land, "contracts", {schema: Contract(any_folders=True)})
        assert {outcome.status for outcome in desk.land.function().receive(*files)} == {Ended.LANDED}

    said = [each for each in run(folders.folders_are_of_one_table, desk.stack) if schema in each.detail]
    assert [(each.check, each.status) for each in said] == [("folders", Status.WARNING)]
    assert f"raw/{schema}/orders/" in said[0].detail
    assert "region=EU" not in said[0].detail
    assert not [each for each in run(folders.folders_are_of_one_table, desk.stack) if plain in each.detail]

    for rules in (Rules(any_folders={schema}), Rules(prefixes={f"raw/{schema}/orders/": table})):
        monkeypatch.setattr(declared, "rules", lambda _, rules=rules: rules)
        assert not [each for each in run(folders.folders_are_of_one_table, desk.stack) if schema in each.detail]


def test_a_check_that_cannot_look_is_a_finding_and_the_others_go_on(desk: Desk) -> None:
    def broken(_: Stack) -> Iterator[Finding]:
        yield Finding("first", Status.OK, "looked at")
        raise ConfigError("no output")

    gone = replace(desk.stack, outputs={**desk.stack.outputs, "FailureTopicArn": "arn:aws:sns:us-east-1:1:none"})
    done: list[int] = []
    checks: list[tuple[str, Check]] = [("broken", broken), ("topics", aws.somebody_is_told)]
    findings = examine(gone, [*checks, ("dead letters", aws.no_dead_letters)], done.append)
    assert states(findings) == {"first": "ok", "broken": "failed", "topics": "failed", "dead letters": "ok"}
    assert done == [1, 2, 3]


def refused(code: str, http: int) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": http}}
    return ClientError(response, "Look")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (refused("AccessDeniedException", 400), "unknown"),
        (refused("AuthorizationError", 403), "unknown"),
        (refused("NotFound", 404), "failed"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), "unknown"),
        (TransientError("the cluster is paused"), "unknown"),
        (ConfigError("no such role"), "failed"),
    ],
)
def test_what_could_not_be_looked_at_is_unknown_and_no_failure(desk: Desk, error: Exception, status: str) -> None:
    def looked_at(_: Stack) -> Iterator[Finding]:
        raise error
        yield

    assert states(run(looked_at, desk.stack)) == {"check": status}
    if isinstance(error, ClientError):

        def wrapped(_: Stack) -> Iterator[Finding]:
            raise ConfigError("S3 refuses") from error
            yield

        assert states(run(wrapped, desk.stack)) == {"check": status}


@pytest.mark.parametrize(
    ("check", "status", "exits"),
    [
        ("dead letters", "failed", 0),
        ("last transform", "failed", 0),
        ("COPY", "failed", 1),
        ("COPY", "unknown", 4),
        ("dead letters", "unknown", 4),
        ("COPY", "warning", 0),
    ],
)
def test_a_release_is_judged_by_what_it_can_break(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, check: str, status: str, exits: int
) -> None:
    findings = [Finding(check, Status(status), "so so", "do this")]

    def untouched(_: Stack) -> Iterator[Finding]:
        raise AssertionError("no release changes which files have come")

    checks: list[tuple[str, Check]] = [("every", lambda _: iter(findings))]
    monkeypatch.setattr(command, "all_checks", lambda: checks)
    assert desk.landfall("doctor", exits=0 if status == "warning" else 1)["findings"][0]["status"] == status
    checks += [(name, untouched) for name in sorted(command.NOT_OF_A_RELEASE)]
    assert desk.landfall("doctor", "--release", exits=exits)["healthy"] == (exits == 0)


def test_what_a_release_is_not_judged_by_are_checks_that_there_are() -> None:
    assert {name for name, _ in command.all_checks()} > command.NOT_OF_A_RELEASE


@pytest.mark.parametrize(("status", "exits"), [("ok", 0), ("warning", 0), ("failed", 1)])
def test_the_exit_code_is_the_worst_findings(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, status: str, exits: int
) -> None:
    findings = [Finding("a", Status.OK, "fine"), Finding("b", Status(status), "so so", "do this")]
    monkeypatch.setattr(command, "all_checks", lambda: [("every", lambda _: iter(findings))])
    said = desk.landfall("doctor", exits=exits)
    assert said["healthy"] == (exits == 0)
    assert said["findings"][1] == {"check": "b", "status": status, "detail": "so so", "remedy": "do this"}
    said = desk.say("doctor")
    assert "do this" in said
    assert said.endswith("all 2 checks are well\n" if status == "ok" else f"1 of 2 checks are well ({status}: 1)\n")
