"""What a newcomer reads: commands in an environment that names nothing, on a machine where a local stack runs."""

import json
import subprocess
import sys

import pytest

from local.home import ROOT
from tests.support.local_stack import LocalStack

pytestmark = pytest.mark.xdist_group("end_to_end")

SPOKEN_TO = "stack landfall-local in us-east-1 of account 000000000000"


def bare(stack: LocalStack, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command where nothing but the folder of the local stack is said."""
    return subprocess.run(  # noqa: S603 - the tests' own commands
        [sys.executable, "-m", "landfall.app", *command],
        env={"PATH": "/usr/bin:/bin", "LANDFALL_HOME": str(stack.home.folder)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_where_no_stack_is_named_the_running_local_one_is_spoken_to_and_stderr_says_so(stack: LocalStack) -> None:
    done = bare(stack, "status", "--json")
    assert done.returncode == 0, done.stderr
    assert "queue" in json.loads(done.stdout)
    assert done.stderr.startswith(
        "stack landfall-local in us-east-1 of account 000000000000, which runs on this machine"
    )
    named = stack.landfall("status", "--json")
    assert named.stderr == f"{SPOKEN_TO}\n"


@pytest.mark.parametrize(
    "command",
    [("undo", "raw/none/x.parquet"), ("evolve", "none", "a", "BIGINT"), ("replay", "--without-positions")],
)
def test_what_changes_landed_rows_never_takes_a_stack_that_nobody_named(
    stack: LocalStack, command: tuple[str, ...]
) -> None:
    done = bare(stack, *command)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("landfall: which stack? ")
    assert 'eval "$(landfall local env)"' in done.stderr
