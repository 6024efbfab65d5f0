"""Run `landfall`, `dbt` or the lint of SQL as a process of its own, from a test; see `command_server`."""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from local.home import ROOT

_FOLDER_PREFIX = "landfall-"


def run(
    program: str,
    *arguments: str,
    environment: Mapping[str, str],
    folder: Path = ROOT,
    timeout_seconds: float = 120,
    answers: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a program, which reads the answers; the caller judges its exit code.

    Raises:
        subprocess.TimeoutExpired: it did not end in time, and was killed.
    """
    with tempfile.TemporaryDirectory(prefix=_FOLDER_PREFIX) as written, _connected(program) as connection:
        read, out, err = (Path(written, name) for name in ("in", "out", "err"))
        read.write_text(answers)
        files = {"stdin": str(read), "stdout": str(out), "stderr": str(err)}
        said = {"environment": dict(environment), "folder": str(folder), "arguments": arguments, **files}
        with connection.makefile("rw") as lines:
            print(json.dumps(said), file=lines, flush=True)
            process = int(lines.readline())
            connection.settimeout(timeout_seconds)
            try:
                code = int(lines.readline())
            except TimeoutError:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                raise subprocess.TimeoutExpired([program, *arguments], timeout_seconds) from None
        return subprocess.CompletedProcess([program, *arguments], code, out.read_text(), err.read_text())


landfall = functools.partial(run, "landfall")


def _connected(program: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(_server(program))
    return connection


@functools.cache
def _server(program: str) -> str:
    """Start this process' server of a program; return the path of its socket, which is short as a socket's must be."""
    path = str(Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX, dir="/tmp"), "socket"))
    server = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "tests.support.command_server", path, program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"

    def end() -> None:
        server.communicate()
        Path(path).parent.rmdir()

    atexit.register(end)
    return path
