"""Processes of the local stack: started detached, known again by pid and start time, stopped with all they started.

A pid alone does not name a process: after a crash or a restart of the machine the number may be somebody else's. So an
identity also holds when the process started (and in which boot), and nothing is signalled unless both still match.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class ProcessIdentity:
    """A process (and the process group that it leads) that can be told from a later one with the same pid."""

    pid: int
    started: str


def identify(pid: int) -> ProcessIdentity | None:
    """Return the identity of the live process `pid`; None when there is none (a zombie counts as none)."""
    started = _start_time_from_proc(pid) if _PROC.joinpath("self", "stat").exists() else _start_time_from_ps(pid)
    return ProcessIdentity(pid, started) if started else None


def is_running(identity: ProcessIdentity) -> bool:
    """Tell whether exactly this process is alive."""
    return identify(identity.pid) == identity


def start_detached(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> ProcessIdentity:
    """Start `command` in a session of its own, so that it outlives the caller's shell; its output is added to `log`.

    Raises:
        RuntimeError: the process ended at once.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - the stack's own services
            list(command),
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    identity = identify(process.pid)
    if identity is None:
        raise RuntimeError(f"{command[0]} ended at once with exit code {process.wait()}")
    return identity


def stop(identity: ProcessIdentity, patience_seconds: float) -> None:
    """Ask the process to end, wait, then end by force whatever of its group is left; nothing happens to a stranger."""
    if is_running(identity):
        os.kill(identity.pid, signal.SIGTERM)
        _wait_until_ended(identity, patience_seconds)
    if _leads_own_group(identity):
        _kill_group(identity.pid)
        _wait_until_ended(identity, patience_seconds)


def _wait_until_ended(identity: ProcessIdentity, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while is_running(identity) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _leads_own_group(identity: ProcessIdentity) -> bool:
    """Tell whether the group numbered like the process is still the one it made.

    The system gives no new process the number of a group that has members. So the group is ours when the number's
    process is ours, or when it is nobody's and the machine has not been restarted since.
    """
    now = identify(identity.pid)
    return now == identity if now else _boot_of(identity.started) == _current_boot()


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
    except PermissionError:  # macOS answers so for a group of zombies
        return


def _start_time_from_proc(pid: int) -> str | None:
    try:
        stat = _PROC.joinpath(str(pid), "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command name, in parentheses, may hold spaces: the fields are counted from behind it (man proc_pid_stat).
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{_current_boot()} {fields[19]}"


def _start_time_from_ps(pid: int) -> str | None:
    answer = subprocess.run(  # noqa: S603 - a number is the only argument
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],  # noqa: S607 - the system's own ps
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split(maxsplit=1)
    return None if len(answer) < 2 or answer[0].startswith("Z") else f"{_current_boot()} {answer[1].strip()}"


def _current_boot() -> str:
    boot_id = _PROC / "sys/kernel/random/boot_id"
    return boot_id.read_text().strip() if boot_id.exists() else "-"


def _boot_of(started: str) -> str:
    return started.partition(" ")[0]
