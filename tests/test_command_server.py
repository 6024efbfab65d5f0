"""A command that is forked from a process which has imported it is like any other, but for its time."""

import subprocess
from pathlib import Path

import pytest

from local.home import ROOT
from tests.support.command_server import script_of
from tests.support.commands import landfall, run


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("landfall", ("--help",)),
        ("landfall", ("status", "--json")),
        ("landfall", ("plan", "no such file")),
        ("landfall", ("no-such-command",)),
        ("landfall", ("local", "info")),
        ("dbt", ("no-such-command",)),
    ],
)
def test_a_forked_command_says_and_answers_what_a_new_process_does(
    program: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    environment = {"PATH": "/usr/bin:/bin", "LANDFALL_HOME": str(tmp_path)}
    forked = run(program, *command, environment=environment)
    new = subprocess.run(  # noqa: S603 - the test's own command
        [script_of(program), *command],
        env=environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (forked.returncode, forked.stdout, forked.stderr) == (new.returncode, new.stdout, new.stderr)


def test_a_command_that_does_not_end_in_time_is_killed(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        landfall("--help", environment={"LANDFALL_HOME": str(tmp_path)}, timeout_seconds=0.001)
