"""The local stack as its user meets it: up, down, reset, info, env; twice at once, killed, and up again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError
from landfall.deploy import local as local_deployment
from landfall.deploy.local import deploy_locally
from local import faces, stack
from local.deployment import sources_digest
from local.errors import LocalStackError
from local.home import ROOT, Home
from local.processes import is_running
from local.services import AWS, REDSHIFT
from local.state import load
from tests.support import run_folder
from tests.support.commands import landfall
from tests.support.lambdas import unique
from tests.support.local_stack import LocalStack
from tests.support.waiting import wait_for

INFO_KEYS = {
    "aws_endpoint_url",
    "aws_region",
    "aws_access_key_id",
    "aws_secret_access_key",
    "redshift_data_endpoint_url",
    "redshift",
    "bucket",
    "landing_queue_url",
    "dead_letter_queue_url",
    "topics",
    "stack_name",
}


class User:
    """Someone who types `landfall local ...` with a home of their own."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def types(self, *arguments: str) -> tuple[int, str, str]:
        """Run the command; return exit code, stdout, stderr."""
        foreign = ("AWS_", "LANDFALL_", "DBT_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        environment["LANDFALL_HOME"] = str(self.home.folder)
        done = landfall("local", *arguments, environment=environment, timeout_seconds=240)
        return done.returncode, done.stdout, done.stderr

    def info(self) -> dict[str, Any]:
        code, out, err = self.types("info", "--json")
        assert code == 0, err
        facts: dict[str, Any] = json.loads(out)
        return facts

    def stack(self) -> LocalStack:
        ports = load(self.home).ports
        assert ports is not None
        return LocalStack(self.home, ports)

    def submit(self, sql: str, keep_seconds: int = 0) -> tuple[Any, str]:
        """Give the Data API a statement, as the administrator, in a session that is kept for so long.

        Returns the client and the statement's id.
        """
        stack = self.stack()
        data = stack.client("redshift-data")
        admin = stack.client("secretsmanager").describe_secret(SecretId="landfall/local/admin")["ARN"]
        kept = {"SessionKeepAliveSeconds": keep_seconds} if keep_seconds else {}
        submitted = data.execute_statement(
            Sql=sql, Database="landfall", SecretArn=admin, WorkgroupName="landfall-local", **kept
        )
        return data, str(submitted["Id"])

    def query(self, sql: str) -> list[list[Any]]:
        """Run a statement through the Data API as the administrator; return its rows."""
        data, statement = self.submit(sql)

        def ended() -> dict[str, Any] | None:
            description: dict[str, Any] = data.describe_statement(Id=statement)
            return description if description["Status"] in ("FINISHED", "FAILED", "ABORTED") else None

        description = wait_for(ended, "the statement")
        assert description["Status"] == "FINISHED", description.get("Error")
        if not description["HasResultSet"]:
            return []
        records = data.get_statement_result(Id=statement)["Records"]
        return [[next(iter(field.values())) for field in record] for record in records]


@pytest.fixture(scope="module")
def user() -> Iterator[User]:
    """A user whose stack is up, brought up by two `up`s at once; its end leaves no process."""
    user = User(Home(run_folder.folder() / unique("user")))
    sources = sources_digest()
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: user.types("up", "--json"), range(2)))
    assert [code for code, _out, _err in both] == [0, 0], both
    assert both[0][1] == both[1][1]
    if sources == sources_digest():  # nobody has edited them meanwhile
        assert sorted("deployment: unchanged" in err for _code, _out, err in both) == [False, True]
    yield user
    user.types("down")


def processes_with(text: str) -> list[str]:
    """Return the commands of all processes whose command holds the text."""
    commands = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended meanwhile
            continue
        if text in command:
            commands.append(command)
    return commands


def test_info_has_exactly_the_promised_keys_and_they_work(user: User) -> None:
    facts = user.info()
    assert set(facts) == INFO_KEYS
    assert set(facts["redshift"]) == {"host", "port", "database", "user", "password"}
    assert set(facts["topics"]) == {"success", "failure"}
    stack = user.stack()
    stack.client("s3").head_bucket(Bucket=facts["bucket"])
    for queue in ("landing_queue_url", "dead_letter_queue_url"):
        stack.client("sqs").get_queue_attributes(QueueUrl=facts[queue])
    for topic in facts["topics"].values():
        stack.client("sns").get_topic_attributes(TopicArn=topic)
    stack.client("cloudformation").describe_stacks(StackName=facts["stack_name"])


def test_env_points_a_shell_at_the_stack_and_dbt_can_log_in(user: User) -> None:
    script = f'eval "$({sys.executable} -m landfall.app local env)" && dbt --quiet debug --connection'
    environment = {"LANDFALL_HOME": str(user.home.folder), "PATH": os.defpath, "HOME": str(user.home.folder)}
    shell = subprocess.run(["/bin/sh", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)  # noqa: S603
    assert shell.returncode == 0, shell.stdout + shell.stderr


def test_what_the_stack_holds_survives_down_and_up(user: User) -> None:
    before, deployed = user.info(), load(user.home).deployment["fingerprint"]
    stack = user.stack()
    version = stack.client("s3").put_object(Bucket=before["bucket"], Key="reports/kept", Body=b"kept")["VersionId"]
    user.query("create table public.kept (n integer)")
    user.query("insert into public.kept values (7)")
    home = str(user.home.folder)
    code, _, err = user.types("down")
    assert code == 0, err
    assert processes_with(home) == []
    assert user.types("info", "--json")[0] != 0
    code, out, err = user.types("up", "--json")
    assert code == 0, err
    assert json.loads(out) == before
    assert ("deployment: unchanged" in err) == (deployed == load(user.home).deployment["fingerprint"])
    kept = stack.client("s3").get_object(Bucket=before["bucket"], Key="reports/kept", VersionId=version)
    assert kept["Body"].read() == b"kept"
    assert user.query("select n from public.kept") == [[7]]


@pytest.mark.parametrize("service", [AWS, REDSHIFT])
def test_a_stack_whose_service_was_killed_comes_up_again(user: User, service: str) -> None:
    before = user.info()
    process = load(user.home).processes[service]
    os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: not is_running(process), "the end of the service")
    code, _, err = user.types("info")
    assert (code, "landfall local up" in err) == (3, True)
    code, out, err = user.types("up", "--json")
    assert code == 0, err
    assert json.loads(out) == before
    assert user.query("select 1") == [[1]]


def test_a_warehouse_that_dies_amid_the_statement_of_a_kept_session_ends_its_service_and_comes_up_again(
    user: User,
) -> None:
    service = load(user.home).processes[REDSHIFT]
    facts = json.loads((user.home.folder / "redshift" / "redshift.json").read_text())
    data, statement = user.submit("select count(*) from pg_class a, pg_class b, pg_class c, pg_class d", 60)
    wait_for(lambda: data.describe_statement(Id=statement)["Status"] == "STARTED", "the statement")
    os.kill(facts["postgres_pid"], signal.SIGKILL)
    wait_for(lambda: not is_running(service), "the end of the service", seconds=20)
    code, _, err = user.types("up", "--json")
    assert code == 0, err
    assert user.query("select 1") == [[1]]


def test_a_failed_deployment_is_told_tried_again_by_up_and_forgotten_by_reset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(run_folder.folder() / unique("failing"))
    wrong = tmp_path / "parameters.json"
    wrong.write_text(json.dumps({"Parameters": {"BatchSize": "many"}}))
    with monkeypatch.context() as patched:
        patched.setattr(local_deployment, "PARAMETERS", wrong)
        with pytest.raises((ConfigError, ClientError), match="BatchSize"):
            stack.up(home, deploy_locally, print)
    with pytest.raises(LocalStackError, match="nothing is deployed"):
        faces.info(home)
    stack.up(home, deploy_locally, print)
    assert set(faces.info(home)) == INFO_KEYS
    stack.reset(home, print)
    assert list(home.folder.iterdir()) == [home.lock]
    assert processes_with(str(home.folder)) == []
