"""What a failing command says, and the exit code that scripts see."""

import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from ingest_lambda.errors import ConfigError, RejectedFileError, TransientError
from ingest_lambda.reasons import Reason
from landfall import failures
from landfall.app import COMMAND_MODULES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ConfigError("no such stack"), 3, "no such stack"),
        (TransientError("the queue is busy"), 4, "try again"),
        (RejectedFileError(Reason.NOT_PARQUET, "it starts with '{'"), 1, "not_parquet"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), 4, "landfall local up"),
        (NoCredentialsError(), 3, "landfall local env"),
        (ZeroDivisionError("division by zero"), 70, "bug"),
    ],
)
def test_every_kind_of_error_has_its_sentence_and_exit_code(
    error: Exception, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failures.report(error) == code
    last_line = capsys.readouterr().err.rstrip().splitlines()[-1]
    assert last_line.startswith("landfall: ")
    assert said in last_line


def test_without_a_stack_a_command_says_how_to_name_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "landfall.app", "status"],
        env={"PATH": "/usr/bin:/bin", "AWS_DEFAULT_REGION": "us-east-1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert "LANDFALL_STACK" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_lists_the_commands_without_loading_the_sdk() -> None:
    script = (
        "import sys; from landfall.app import build\n"
        "try: build()(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'boto3', 'pyarrow', 'dbt'} & set(sys.modules)))"
    )
    command_line = [sys.executable, "-c", script]
    done = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - the test's own command
    assert done.stdout.splitlines()[-1] == "[]"
    for command in COMMAND_MODULES:
        assert f" {command.replace('_', '-')} " in done.stdout
