"""Processes that run a program, forked from one that has imported it, which takes longer than most commands.

A command is a process of its own all the same, with its own environment, folder and exit code.
In: the path of a socket and a program; on the socket, requests, which name the file of the command's standard input.
Out: what it printed, in files that the request names; its exit code. The server ends with its own standard input, which
its test process holds.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

# What most commands of a program import when they run.
_READ_BEFORE = {
    "landfall": ("boto3", "pyarrow.parquet", "landfall.stack", "landfall.operate.uploads", "local.faces"),
    "dbt": ("dbt.cli.main", "dbt.adapters.redshift"),
    # Nothing of sqlfluff: it looks for files from the folder that it was imported in (sqlfluff.core.linter.discovery).
    "house_style": ("dbt.cli.main", "dbt.adapters.redshift", "tests.support.parses"),
}


def serve(path: str, program: str) -> int | None:
    """Fork for each request; return in the process of a command, with its exit code, and None at the end."""
    for module in _READ_BEFORE[program]:
        importlib.import_module(module)
    if program == "landfall":
        importlib.import_module("landfall.app").build()  # which imports every module of commands
    gc.collect()
    gc.freeze()  # so that a child's collector does not copy what is shared
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(path)
        server.listen()
        print("ready", flush=True)
        while server in select.select([server, sys.stdin], [], [])[0]:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                return _answer(connection, program)
            connection.close()
            _reap()
    return None


def _answer(connection: socket.socket, program: str) -> int:
    """Tell the command's process id, then its exit code; return in both processes, in the command's with its code."""
    with suppress(BrokenPipeError), connection, connection.makefile("rw") as lines:  # who asked may have given up
        request = json.loads(lines.readline())
        child = os.fork()
        if child:
            print(child, file=lines, flush=True)
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), file=lines, flush=True)
    return 0 if child else _run(program, request)


def _run(program: str, request: dict[str, Any]) -> int:
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    for descriptor, name in ((0, request["stdin"]), (1, request["stdout"]), (2, request["stderr"])):
        opened = os.open(name, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, descriptor)
        os.close(opened)
    script = str(script_of(program))
    sys.argv = [script, *request["arguments"]]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def script_of(program: str) -> Path:
    """Return what runs of a program: a module beside this one, or what a shell runs."""
    own = Path(__file__).with_name(f"{program}.py")
    return own if own.exists() else Path(sys.executable).with_name(program)


def _reap() -> None:
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


if __name__ == "__main__":
    code = serve(*sys.argv[1:])
    if code is None:
        Path(sys.argv[1]).unlink()
    sys.exit(code)
