"""Processes of the stack are known by more than a pid, and end with all they started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local import processes
from local.processes import ProcessIdentity, identify, is_running, start_detached, stop
from tests.support.waiting import wait_for

IGNORES_SIGTERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)
# Starts a child that ignores SIGTERM, says its pid, and waits.
WITH_STUBBORN_CHILD = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {IGNORES_SIGTERM!r}], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


def start(tmp_path: Path, code: str) -> tuple[ProcessIdentity, str]:
    """Start Python code detached and return its identity and the first line that it printed."""
    log = tmp_path / "log"
    identity = start_detached([sys.executable, "-c", code], os.environ, tmp_path, log)
    return identity, wait_for(lambda: log.read_text().partition("\n")[0], "the first line")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is not the stack's."""
    process = subprocess.Popen(["sleep", "60"])  # noqa: S607 - the system's own sleep
    yield process
    process.kill()
    process.wait()


def test_stopping_ends_a_process_and_the_children_that_it_left(tmp_path: Path) -> None:
    identity, child = start(tmp_path, WITH_STUBBORN_CHILD)
    stop(identity, patience_seconds=5)
    assert not is_running(identity)
    wait_for(lambda: identify(int(child)) is None, "the end of the child")


def test_stopping_ends_children_of_a_process_that_was_killed(tmp_path: Path) -> None:
    identity, child = start(tmp_path, WITH_STUBBORN_CHILD)
    os.kill(identity.pid, signal.SIGKILL)
    wait_for(lambda: not is_running(identity), "the end of the parent")
    assert identify(int(child)) is not None
    stop(identity, patience_seconds=5)
    wait_for(lambda: identify(int(child)) is None, "the end of the child")


def test_a_process_that_does_not_listen_is_ended_by_force(tmp_path: Path) -> None:
    identity, _ = start(tmp_path, IGNORES_SIGTERM)
    began = time.monotonic()
    stop(identity, patience_seconds=0.5)
    assert not is_running(identity)
    assert time.monotonic() - began >= 0.5


def test_a_stranger_with_the_same_pid_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    now = identify(sleeper.pid)
    assert now is not None
    earlier = replace(now, started=now.started + "0")
    assert not is_running(earlier)
    stop(earlier, patience_seconds=1)
    assert is_running(now)


def test_a_group_of_an_earlier_boot_is_left_alone(
    sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []
    monkeypatch.setattr(processes, "_kill_group", killed.append)
    free_pid = 2**22 - 1  # above Linux's highest
    stop(ProcessIdentity(free_pid, "another-boot 1"), patience_seconds=1)
    assert killed == []
    current = identify(sleeper.pid)
    assert current is not None
    stop(ProcessIdentity(free_pid, current.started), patience_seconds=1)
    assert killed == [free_pid]


def test_a_zombie_does_not_run() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = identify(process.pid)
    assert identity is not None
    assert process.stdin is not None
    process.stdin.close()
    wait_for(lambda: not is_running(identity), "the end of the process")
    process.wait()


def test_ps_tells_the_same_as_proc(sleeper: subprocess.Popen[bytes]) -> None:
    first = processes._start_time_from_ps(sleeper.pid)
    assert first is not None
    assert first == processes._start_time_from_ps(sleeper.pid)
    assert processes._start_time_from_ps(2**22 - 1) is None


def test_a_command_that_does_not_exist_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        start_detached([str(tmp_path / "absent")], {}, tmp_path, tmp_path / "log")
