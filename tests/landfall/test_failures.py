"""What a failing command says, and the exit code that scripts see."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from ingest_lambda.errors import CatalogChangedError, ConfigError, RejectedFileError, TransientError
from ingest_lambda.reasons import REMEDIES, Reason
from landfall import failures
from landfall.app import COMMAND_MODULES, main
from landfall.stack import Stack
from tests.support.commands import landfall

ROOT = Path(__file__).parents[2]


def refusal(code: str, message: str) -> ClientError:
    """Return what botocore raises where a service says no."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "ExecuteStatement")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ConfigError("no such stack"), 3, "no such stack"),
        (TransientError("the queue is busy"), 4, "try again"),
        (RejectedFileError(Reason.NOT_PARQUET, "it starts with '{'"), 1, "not_parquet"),
        (RejectedFileError(Reason.NOT_PARQUET, "it starts with '{'"), 1, f"What to do: {REMEDIES[Reason.NOT_PARQUET]}"),
        (RejectedFileError(Reason.NOT_PARQUET, "it is a zip", remedy="unpack it"), 1, "What to do: unpack it"),
        (NoRegionError(), 3, "specify a region. Set AWS_REGION, or a region in ~/.aws/config. For the local stack"),
        (ProfileNotFound(profile="work"), 3, "(work) could not be found. Set AWS_PROFILE"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), 4, "landfall local up"),
        (NoCredentialsError(), 3, "landfall local env"),
        (NoCredentialsError(), 3, "aws sso login"),
        (refusal("ExpiredToken", "The security token included in the request is expired"), 3, "aws sso login"),
        (refusal("ThrottlingException", "Rate exceeded"), 4, "Try again"),
        (refusal("AccessDenied", "not authorized to perform: s3:PutObject"), 3, "s3:PutObject"),
        (CatalogChangedError("column row_number does not exist"), 4, "another release deployed it: `landfall deploy`"),
        (PermissionError(13, "Permission denied", "orders.parquet"), 3, "Permission denied: 'orders.parquet'"),
        (ZeroDivisionError("division by zero"), 70, "bug"),
        (
            RejectedFileError(Reason.NOT_PARQUET, "cut short."),
            failures.REJECTED,
            "not_parquet: cut short. What to do: ",
        ),
    ],
)
def test_every_kind_of_error_has_its_sentence_and_exit_code(
    error: Exception, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failures.report(error) == code
    last_line = capsys.readouterr().err.rstrip().splitlines()[-1]
    assert last_line.startswith("landfall: ")
    assert said in last_line


def test_what_failed_besides_is_told_after_the_error(capsys: pytest.CaptureFixture[str]) -> None:
    error = ConfigError("the change broke")
    error.add_note("the transform cannot be told")
    assert failures.report(error) == 3
    assert capsys.readouterr().err == "landfall: the change broke\nlandfall: the transform cannot be told\n"


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (refusal("ValidationException", "Redshift cluster is in a paused state"), "aws redshift resume-cluster"),
        (refusal("ValidationException", "the cluster is being resized"), "Nothing is half done; try again"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), "landfall local up"),
    ],
)
def test_what_passes_by_itself_is_told_from_what_somebody_must_start(cause: Exception, said: str) -> None:
    error = TransientError(f"the Data API refuses: {cause}")
    error.__cause__ = cause
    line, code = failures.explain(error)
    assert code == 4
    assert said in line
    assert ("resume-cluster" in line) == ("paused" in str(cause))


def test_a_stack_of_another_release_is_called_one() -> None:
    with pytest.raises(ConfigError, match=r"no output BucketName: another release deployed it.*`landfall deploy`"):
        Stack("landfall-dev", {}).output("BucketName")


@pytest.mark.parametrize("command", [("status",), ("undo", "raw/orders/1.parquet"), ("upload", "README.md", "--json")])
def test_without_a_stack_a_command_says_how_to_name_one(command: tuple[str, ...], tmp_path: Path) -> None:
    done = landfall(*command, environment={"PATH": "/usr/bin:/bin", "LANDFALL_HOME": str(tmp_path)})
    assert done.returncode == 3
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("landfall: which stack? ")
    assert "LANDFALL_STACK" in line
    assert "`landfall local up`" in line or "landfall local env" in line


@pytest.mark.parametrize(
    ("named", "code", "said"),
    [
        ({}, 3, "Set AWS_REGION"),
        ({"AWS_REGION": "eu-west-1"}, 4, "AWS cannot be reached"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, 4, "AWS cannot be reached"),
    ],
)
def test_the_region_is_taken_from_either_variable(named: dict[str, str], code: int, said: str, tmp_path: Path) -> None:
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    files = {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    environment = {"PATH": "/usr/bin:/bin", "LANDFALL_STACK": "landfall-dev", **nowhere, **files, **named}
    done = landfall("status", environment=environment)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_boto3s_own_variable_goes_before_the_one_that_it_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(sys, "argv", ["landfall", "--help"])
    with pytest.raises(SystemExit):
        main()
    assert os.environ["AWS_DEFAULT_REGION"] == "us-east-1"


def test_a_question_of_the_ledger_loads_neither_pyarrow_nor_numpy() -> None:
    script = (
        "import sys, landfall.operate.files, landfall.operate.statements.bookkeeping\n"
        "print(sorted({'pyarrow', 'numpy'} & set(sys.modules)))"
    )
    command_line = [sys.executable, "-c", script]
    done = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - the test's own command
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_lists_the_commands_without_loading_the_sdk() -> None:
    script = (
        "import sys; from landfall.app import build\n"
        "try: build()(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'boto3', 'pyarrow', 'dbt', 'numpy', 'simpy'} & set(sys.modules)))"
    )
    command_line = [sys.executable, "-c", script]
    done = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - the test's own command
    assert done.stdout.splitlines()[-1] == "[]"
    for command in {*COMMAND_MODULES, "add-column"} - {"columns"}:  # which has four commands
        assert f" {command.replace('_', '-')} " in done.stdout
