"""A first deployment, with a schedule as on AWS: a rate, which starts its target at once; its end, and its return."""

import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from botocore.exceptions import ClientError
from pyarrow import parquet as pq

from ingest_lambda.arrive import smoke
from ingest_lambda.warehouse.client import Target
from ingest_lambda.warehouse.sessions import Warehouse
from landfall.deploy import stacks
from landfall.deploy.bootstrap import LOADER, READER, SCHEMA_OWNERS, TRANSFORMER, Login, user_statements
from landfall.deploy.local import deploy_locally
from landfall.operate import smoke as smoke_test
from landfall.operate.pausing import ALARMS, SCHEDULES, places
from landfall.operate.rotation import SECRETS
from landfall.operate.smoke import REMEDIES
from local import clients, stack
from local.home import Home
from local.state import Ports
from tests.support import json_schemas, run_folder
from tests.support.commands import landfall
from tests.support.local_stack import LocalStack
from tests.support.waiting import wait_for

pytestmark = pytest.mark.xdist_group("first-deployment")
# As every schedule on AWS; here one is enough, and the sweep would build the whole project.
RATES = {"FreshnessSchedule": "rate(1 hour)"}
CHANGED = ("--parameter", "RedshiftHost=127.0.0.1", "--parameter", "BatchSize=7")
SAME = ("--parameter", "RedshiftHost=127.0.0.1", "--parameter", "FreshnessSchedule=rate(1 hour)", "--yes")
ADMIN_SECRET = "landfall/local/admin"  # noqa: S105 - its name

TARGET = Target("landfall", ADMIN_SECRET, workgroup="landfall-local")


@dataclass(frozen=True)
class Fresh:
    """A stack of this module's own: its environment, and what its schedules were when a step of a deployment began."""

    local: LocalStack
    seen: dict[str, set[str]]
    env: dict[str, str]

    def landfall(self, *arguments: str, answers: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command in the environment of the first deployment, which is there when the deployment is not."""
        return landfall(*arguments, environment=self.env, timeout_seconds=240, answers=answers)

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Ask the warehouse as its administrator, who is no part of the deployment."""
        return Warehouse(self.local.client("redshift-data"), TARGET).query(sql)

    def names(self, sql: str) -> set[str]:
        """Ask for a column of names."""
        return {str(value) for row in self.query(sql) for value in row.values()}


@pytest.fixture(scope="module")
def fresh() -> Iterator[Fresh]:
    """Deploy to a local stack of this module's own."""
    home = Home(run_folder.folder() / "first-deployment")
    seen: dict[str, set[str]] = {}

    def deploy(ports: Ports, admin_secret_arn: str, progress: Any) -> dict[str, str]:
        def note(line: str) -> None:
            progress(line)
            if line in {"warehouse: users, schemas, privileges, tables", "schedules"}:
                seen[line] = schedule_states(LocalStack(home, ports))

        return deploy_locally(ports, admin_secret_arn, note, RATES)

    ports = stack.up(home, deploy, print).ports
    assert ports
    local = LocalStack(home, ports)
    yield Fresh(local, seen, local.env)
    stack.down(home, print)


def outputs(local: LocalStack) -> dict[str, str]:
    found = stacks.find(local.client("cloudformation"), "landfall-local")
    assert found
    return stacks.outputs(found)


def alarms_ring(local: LocalStack) -> set[bool]:
    """Return whether the alarms of what was missed have their actions."""
    names = [f"landfall-local-{name}" for name in ALARMS]
    found = local.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    assert len(found) == len(names)
    return {alarm["ActionsEnabled"] for alarm in found}


def schedule_states(local: LocalStack) -> set[str]:
    scheduler = local.client("scheduler")
    return {scheduler.get_schedule(**places("local", name)[0])["State"] for name in SCHEDULES}


def test_nothing_starts_before_the_warehouse_is_prepared_and_then_nothing_breaks(
    fresh: Fresh,
) -> None:
    local = fresh.local
    assert fresh.seen == {"warehouse: users, schemas, privileges, tables": {"DISABLED"}, "schedules": {"DISABLED"}}
    assert schedule_states(local) == {"ENABLED"}
    machine = outputs(local)["StateMachineArn"]
    client = local.client("stepfunctions")

    def ended() -> Any:
        found = client.list_executions(stateMachineArn=machine)["executions"]
        return found if found and all(each["status"] != "RUNNING" for each in found) else None

    [run] = wait_for(ended, "the check that its schedule starts at once")
    found = client.describe_execution(executionArn=run["executionArn"])
    assert (found["status"], json.loads(found["input"])) == ("SUCCEEDED", {"check": "freshness"}), found


def test_a_deployment_without_a_change_says_so_and_only_reads(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    def deployed() -> tuple[str, Counter[str]]:
        """Deploy again; return the last line that it says, and how often it asked what of AWS."""
        asked: Counter[str] = Counter()
        lines: list[str] = []

        def counted(*arguments: Any) -> Any:
            made = clients.client(*arguments)
            made.meta.events.register("before-call", lambda model, **_: asked.update([model.name]))
            return made

        with monkeypatch.context() as patch:
            patch.setattr("landfall.deploy.local.client", counted)
            deploy_locally(fresh.local.ports, ADMIN_SECRET, lines.append, RATES)
        return lines[-1], asked

    said, asked = deployed()
    assert said.startswith("no change: landfall-local")
    assert asked == {
        "DescribeStacks": 1,
        "ListEventSourceMappings": 1,
        "GetObject": 1,  # what was deployed last
        "GetWorkgroup": 2,
        "GetNamespace": 1,
        "DescribeSecret": 3,
        "BatchExecuteStatement": 1,  # what the warehouse was prepared for, and whether its users are there
        "DescribeStatement": 1,
        "GetStatementResult": 1,
    }
    fresh.query("truncate table ops.preparations")
    said, asked = deployed()
    assert "no change" not in said
    assert (asked["CreateChangeSet"], asked["PutObject"]) == (0, 0)  # the stack is left alone all the same
    assert deployed()[0].startswith("no change")
    fresh.query(f"alter user {READER} rename to somebody_else")
    said, asked = deployed()
    assert "no change" not in said
    assert fresh.names(f"select usename from pg_user where usename = '{READER}'") == {READER}  # noqa: S608
    assert deployed()[0].startswith("no change")


def traces(fresh: Fresh) -> dict[str, Any]:
    """Look for whatever a smoke test may leave: versions of its file, tables, records, executions, messages."""
    local, found = fresh.local, outputs(fresh.local)
    recorded = [
        row
        for table in ("rejected_files", "schema_changes")
        for row in fresh.query(f"select dataset from ops.{table} where dataset = '{smoke.DATASET}'")  # noqa: S608
    ]
    versions = local.client("s3").list_object_versions(Bucket=found["BucketName"], Prefix=smoke.PREFIX)
    return {
        "files": [each["Key"] for kind in ("Versions", "DeleteMarkers") for each in versions.get(kind, [])],
        "tables": fresh.names(f"select schemaname from pg_tables where tablename = '{smoke.DATASET}'"),  # noqa: S608
        "recorded": recorded,
        "history": json.loads(fresh.landfall("history", "--dataset", smoke.DATASET, "--json").stdout or "[]"),
    }


NO_TRACE: dict[str, Any] = {"files": [], "tables": set(), "recorded": [], "history": []}


def smoked(fresh: Fresh, *arguments: str) -> dict[str, Any]:
    """Run a smoke test; return its legs by name, and hold its exit code to what they say."""
    command = ("smoke", *arguments, "--json")
    done = fresh.landfall(*command)
    said = json_schemas.read(command, done.stdout)
    legs = {leg["leg"]: leg for leg in said["legs"]}
    assert done.returncode == (0 if said["passed"] else 1 if legs["landing"]["passed"] else 2), done.stderr
    return legs


def sent_by_a_smoke_test(fresh: Fresh, file: Path, key: str) -> None:
    """Put a file where `upload` puts none, as a smoke test does, and wait until it has landed."""
    fresh.local.client("s3").upload_file(str(file), outputs(fresh.local)["BucketName"], key)
    wait_for(lambda: key in fresh.landfall("history", "--dataset", smoke.DATASET, "--json").stdout, f"{key} to land")


def test_a_smoke_test_sends_a_file_through_starts_nothing_and_takes_it_and_what_a_killed_one_left_out(
    fresh: Fresh, tmp_path: Path
) -> None:
    left = written(tmp_path / "left.parquet", [1])  # by a test that was killed
    sent_by_a_smoke_test(fresh, left, f"{smoke.PREFIX}left.parquet")
    assert traces(fresh)["tables"] == {"landing", "ledger", "lock"}
    machine = outputs(fresh.local)["StateMachineArn"]
    client = fresh.local.client("stepfunctions")
    before = client.list_executions(stateMachineArn=machine)["executions"]

    legs = smoked(fresh)

    assert {name: leg["passed"] for name, leg in legs.items()} == dict.fromkeys(REMEDIES, True), legs
    assert traces(fresh) == NO_TRACE
    assert client.list_executions(stateMachineArn=machine)["executions"] == before
    assert smoke.DATASET not in fresh.landfall("status", "--json").stdout


def test_smoke_tests_that_run_at_once_do_not_take_each_others_file(fresh: Fresh) -> None:
    with ThreadPoolExecutor(2) as pool:
        for legs in pool.map(lambda _: smoked(fresh), range(2)):
            assert {name: leg["passed"] for name, leg in legs.items()} == dict.fromkeys(REMEDIES, True), legs
    assert traces(fresh) == NO_TRACE


def test_a_smoke_test_leaves_what_another_under_way_has_sent_and_takes_it_out_once_that_has_ended(
    fresh: Fresh, tmp_path: Path
) -> None:
    file = written(tmp_path / "other.parquet", [1])
    under_way, ended = (smoke_test.key_of("ab12", time.time() + seconds) for seconds in (600, -600))
    for key in (under_way, ended):
        sent_by_a_smoke_test(fresh, file, key)
    legs = smoked(fresh)
    assert legs["taking out"]["passed"], legs
    assert traces(fresh)["files"] == [under_way]
    assert traces(fresh)["tables"] == {"landing", "ledger", "lock"}

    s3, bucket = fresh.local.client("s3"), outputs(fresh.local)["BucketName"]
    for version in s3.list_object_versions(Bucket=bucket, Prefix=under_way)["Versions"]:
        s3.delete_object(Bucket=bucket, Key=under_way, VersionId=version["VersionId"])  # its test ends
    smoked(fresh)
    assert traces(fresh) == NO_TRACE


def test_a_file_that_does_not_come_through_is_taken_out_and_the_leg_is_named(fresh: Fresh) -> None:
    s3, bucket = fresh.local.client("s3"), outputs(fresh.local)["BucketName"]
    trigger = s3.get_bucket_notification_configuration(Bucket=bucket)
    del trigger["ResponseMetadata"]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    legs = smoked(fresh, "--timeout", "1")  # nothing announces the file, however long one waits
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=trigger)
    assert {name: leg["passed"] for name, leg in legs.items()} == {"upload": True, "landing": False, "taking out": True}
    assert "landfall doctor" in legs["landing"]["remedy"]
    assert traces(fresh) == NO_TRACE

    fresh.query("create table modeled.landfall_smoke (n bigint)")  # of somebody else, in the way of the merge
    deployed = fresh.landfall("deploy", "--env", "local", "--admin-secret-arn", ADMIN_SECRET, "--prepare", *SAME)
    fresh.query("drop table modeled.landfall_smoke")
    assert deployed.returncode == 1
    assert "landfall_smoke" in deployed.stderr
    assert "--rollback" in deployed.stderr
    assert traces(fresh) == NO_TRACE

    assert fresh.landfall("pause").returncode == 0
    paused = fresh.landfall("smoke")
    assert fresh.landfall("resume").returncode == 0
    assert (paused.returncode, "landfall resume" in paused.stderr) == (3, True)


def test_what_is_taken_down_keeps_the_data_and_comes_back_where_it_was(fresh: Fresh, tmp_path: Path) -> None:
    bucket, queue = outputs(fresh.local)["BucketName"], outputs(fresh.local)["LandingQueueUrl"]
    s3 = fresh.local.client("s3")
    first, second = written(tmp_path / "first.parquet", [1, 2]), written(tmp_path / "second.parquet", [3])
    sent = fresh.landfall("upload", str(first), "--dataset", "trip", "--wait")
    assert sent.returncode == 0, sent.stderr

    unasked = fresh.landfall("destroy", "--env", "local")
    assert (unasked.returncode, "--yes" in unasked.stderr) == (3, True)
    unasked = fresh.landfall("deploy", "--env", "local", "--admin-secret-arn", ADMIN_SECRET, *CHANGED)
    assert (unasked.returncode, "--yes" in unasked.stderr) == (3, True)
    for _ in range(2):  # again is no harm
        command = ("destroy", "--env", "local", "--yes", "--json")
        done = fresh.landfall(*command)
        assert done.returncode == 0, done.stderr
        assert bucket in done.stderr
        stays = json_schemas.read(command, done.stdout)
        assert (stays["stack"], stays["bucket"], stays["data_deleted"]) == ("landfall-local", bucket, False)
    assert set(outputs(fresh.local)) == {
        "BucketName",
        "DatabaseName",
        "EnvironmentName",
        "EventBusName",
        "WorkgroupName",
    }
    assert (
        fresh.local.client("redshift-serverless").get_namespace(namespaceName=TARGET.workgroup)["namespace"]["iamRoles"]
        == []
    )
    with pytest.raises(ClientError, match="NonExistentQueue"):
        fresh.local.client("sqs").get_queue_attributes(QueueUrl=queue)
    assert fresh.local.client("lambda").list_functions()["Functions"] == []
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=bucket)["Policy"]
    assert [row["a"] for row in fresh.query("select a from landing.trip order by a")] == [1, 2]

    s3.upload_file(str(second), bucket, "raw/trip/second.parquet")
    deploy_locally(fresh.local.ports, ADMIN_SECRET, print)
    assert outputs(fresh.local)["BucketName"] == bucket
    assert schedule_states(fresh.local) == {"ENABLED"}
    found = fresh.landfall("reconcile", "--grace", "0")
    assert found.returncode == 0, found.stderr
    wait_for(lambda: len(fresh.query("select a from landing.trip")) > 2, "the file that came meanwhile")
    assert [row["a"] for row in fresh.query("select a from landing.trip order by a")] == [1, 2, 3]


def test_a_release_is_a_version_that_is_called_and_the_one_before_can_be_brought_back(fresh: Fresh) -> None:
    def called() -> dict[str, str]:
        """Return the debounce of the state machine, which function it calls, and which one the queue does."""
        found = outputs(fresh.local)
        machine = fresh.local.client("stepfunctions").describe_state_machine(stateMachineArn=found["StateMachineArn"])
        states = json.loads(machine["definition"])["States"]
        alias = fresh.local.client("lambda").get_alias(FunctionName=found["IngestFunctionName"], Name="live")
        return {
            "transform": states["Plan"]["Arguments"]["FunctionName"],
            "ingest": alias["FunctionVersion"],
            "batch": str(mapping(fresh)["BatchSize"]),
        }

    before = called()
    assert before["transform"].rpartition(":")[2].isdigit()
    assert mapping(fresh)["FunctionArn"].endswith(":live")
    assert fresh.landfall("pause").returncode == 0
    deploy_locally(fresh.local.ports, ADMIN_SECRET, print, {"BatchSize": "5", "FreshnessSchedule": "rate(2 hours)"})
    assert schedule_states(fresh.local) == {"DISABLED"}  # although it has changed one of them
    assert alarms_ring(fresh.local) == {False}
    assert fresh.landfall("resume").returncode == 0
    assert alarms_ring(fresh.local) == {True}
    after = called()
    assert after["batch"] == "5"
    assert not set(before.values()) & set(after.values())

    assert fresh.landfall("pause").returncode == 0
    done = fresh.landfall("deploy", "--env", "local", "--rollback", "--yes")
    assert done.returncode == 0, done.stderr
    assert schedule_states(fresh.local) == {"DISABLED"}  # although the release before let them run
    assert fresh.landfall("resume").returncode == 0
    assert schedule_states(fresh.local) == {"ENABLED"}
    back = called()
    assert back["batch"] == before["batch"]
    assert back["transform"] not in {before["transform"], after["transform"]}


def mapping(fresh: Fresh) -> Any:
    [found] = fresh.local.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    return found


def test_passwords_are_rotated_while_files_land_and_none_is_tried_more_than_twice(fresh: Fresh, tmp_path: Path) -> None:
    secrets, found = fresh.local.client("secretsmanager"), outputs(fresh.local)

    def passwords() -> set[str]:
        arns = (found[name] for name in SECRETS.values())
        return {json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])["password"] for arn in arns}

    def plan() -> Any:
        asked = json.dumps({"action": "plan", "execution": "rotation"})
        answer = fresh.local.client("lambda").invoke(FunctionName=found["TransformFunctionName"], Payload=asked)
        return answer, json.loads(answer["Payload"].read())

    before, began = passwords(), int(time.time() * 1000)
    assert "FunctionError" not in plan()[0]  # the function is warm, and has the old password
    sent: list[int] = []
    done = threading.Event()

    def send() -> None:
        while not done.wait(0.3):
            number = len(sent)
            path = written(tmp_path / f"rotated_{number}.parquet", [number])
            fresh.local.client("s3").upload_file(str(path), found["BucketName"], f"raw/rotated/{path.name}")
            sent.append(number)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for _ in range(2):
            rotated = fresh.landfall("rotate", "--json")
            assert rotated.returncode == 0, rotated.stderr
            assert {each["user"] for each in json.loads(rotated.stdout)} == set(SECRETS)
    finally:
        done.set()
        sender.join()
    assert not before & passwords()

    has_landed = "select count(*) as n from pg_tables where schemaname = 'landing' and tablename = 'rotated'"
    wait_for(lambda: fresh.query(has_landed)[0]["n"], "the first file to land")
    wait_for(lambda: fresh.query("select count(*) as n from landing.rotated")[0]["n"] >= len(sent), "all files to land")
    landed = [row["a"] for row in fresh.query("select a from landing.rotated order by a")]
    assert landed == sorted(sent)
    tries = Counter(line["file"] for line in lines(fresh, "/aws/lambda/landfall-local-ingest", began) if "file" in line)
    assert max(tries[file] for file in tries if "/rotated/" in file) <= 2
    answer, said = plan()
    assert "FunctionError" not in answer, said
    loader = Warehouse(fresh.local.client("redshift-data"), replace(TARGET, secret_arn=found["LoaderSecretArn"]))
    loader.transaction(["lock table lock.rotated", "alter table landing.rotated add column later bigint"])
    assert {row["later"] for row in loader.query("select later from landing.rotated")} == {None}


def test_a_rotation_that_was_cut_short_is_finished_by_the_next(fresh: Fresh) -> None:
    secrets, arn = fresh.local.client("secretsmanager"), outputs(fresh.local)["ReaderSecretArn"]
    reader = Warehouse(fresh.local.client("redshift-data"), replace(TARGET, secret_arn=arn))
    text = json.dumps({"username": READER, "password": "Pending1"})
    pending = secrets.put_secret_value(SecretId=arn, SecretString=text, VersionStages=["AWSPENDING"])["VersionId"]
    reader.execute(user_statements([Login(READER, "Pending1")], {READER})[0])

    done = fresh.landfall("rotate", "--user", READER)

    assert done.returncode == 0, done.stderr
    assert secrets.get_secret_value(SecretId=arn)["VersionId"] == pending
    assert reader.query("select 1 as n") == [{"n": 1}]

    text = json.dumps({"username": READER, "password": "Nobodys1"})
    lost = secrets.put_secret_value(SecretId=arn, SecretString=text)["VersionId"]
    refused = fresh.landfall("rotate", "--user", READER)
    assert (refused.returncode, "landfall deploy" in refused.stderr) == (3, True), refused.stderr
    assert secrets.get_secret_value(SecretId=arn)["VersionId"] == lost
    unknown = fresh.landfall("rotate", "--user", "somebody")
    assert (unknown.returncode, READER in unknown.stderr) == (3, True)


def test_the_data_is_deleted_when_two_answers_say_so_and_not_before(fresh: Fresh) -> None:
    bucket = outputs(fresh.local)["BucketName"]
    everything = ("destroy", "--env", "local", "--with-data", "--admin-secret-arn")
    refused = fresh.landfall(*everything, ADMIN_SECRET, "--yes")
    assert (refused.returncode, "asks twice" in refused.stderr) == (3, True)
    refused = fresh.landfall(*everything, ADMIN_SECRET, "--with-warehouse", answers="local\ny\n")
    assert (refused.returncode, "has not made the warehouse" in refused.stderr) == (3, True)
    for answers in ("production\n", "local\nn\n", ""):
        assert fresh.landfall(*everything, ADMIN_SECRET, answers=answers).returncode == 1
    assert fresh.landfall(*everything, "landfall/none", answers="local\ny\n").returncode != 0
    assert "LandingQueueUrl" in outputs(fresh.local)
    assert [row["a"] for row in fresh.query("select a from landing.trip order by a")] == [1, 2, 3]

    done = fresh.landfall(*everything, ADMIN_SECRET, "--json", answers="local\ny\n")
    assert done.returncode == 0, done.stderr
    gone = {"environment": "local", "stack": None, "bucket": None, "database": None, "data_deleted": True}
    assert json_schemas.read(everything, done.stdout) == gone
    assert stacks.find(fresh.local.client("cloudformation"), "landfall-local") is None
    with pytest.raises(ClientError, match="404"):
        fresh.local.client("s3").head_bucket(Bucket=bucket)
    assert not fresh.names("select nspname from pg_namespace") & set(SCHEMA_OWNERS)
    assert not fresh.names("select usename from pg_user") & {LOADER, TRANSFORMER, READER}

    fresh.local.client("s3").create_bucket(Bucket=bucket)  # as if it had ended before the bucket was gone
    fresh.local.client("s3").put_object(Bucket=bucket, Key="raw/trip/late.parquet", Body=b"late")
    again = fresh.landfall(*everything, ADMIN_SECRET, answers="local\ny\n")
    assert again.returncode == 0, again.stderr
    with pytest.raises(ClientError, match="404"):
        fresh.local.client("s3").head_bucket(Bucket=bucket)
    at_last = fresh.landfall(*everything, ADMIN_SECRET, answers="local\ny\n")
    assert (at_last.returncode, "no stack landfall-local" in at_last.stderr) == (3, True)


def lines(fresh: Fresh, group: str, since: int) -> list[dict[str, Any]]:
    """Read a function's log, of JSON lines, from a moment on (milliseconds)."""
    pages = fresh.local.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since)
    texts = (event["message"] for page in pages for event in page["events"])
    return [json.loads(text) for text in texts if text.startswith("{")]


def written(path: Path, values: list[int]) -> Path:
    pq.write_table(pa.table({"a": values}), path)
    return path
