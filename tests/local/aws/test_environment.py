"""The server's environment is made once, whoever asks, and a failure to make it says what to do."""

import subprocess
import sys
from pathlib import Path

import pytest

from local.aws import environment
from local.aws.environment import ensure_environment
from local.errors import LocalStackError

ASK = """
import sys, pathlib
from local.aws import environment
environment._REQUIREMENTS = pathlib.Path(sys.argv[2])
print(environment.ensure_environment(pathlib.Path(sys.argv[1]), print).server_python)
"""


def test_two_processes_that_ask_at_once_get_one_environment(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("six==1.17.0\n")  # small, and one of the real ones
    command = [sys.executable, "-c", ASK, str(tmp_path / "venvs"), str(requirements)]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=120)[0].splitlines() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert answers[0][-1] == answers[1][-1]
    assert sorted(len(lines) for lines in answers) == [1, 2]  # one of them says that it installs
    version = subprocess.run(  # noqa: S603 - the interpreter just made
        [answers[0][-1], "-c", "import six; print(six.__version__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert version.stdout == "1.17.0\n"


def test_a_failed_installation_says_why_and_leaves_nothing_that_looks_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("./absent-1.0-py3-none-any.whl\n")
    monkeypatch.setattr(environment, "_REQUIREMENTS", requirements)
    for _ in range(2):
        with pytest.raises(LocalStackError, match=r"pip could not install[\s\S]*absent-1.0[\s\S]*package index"):
            ensure_environment(tmp_path / "venvs", print)
