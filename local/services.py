"""Start and stop the two services of a local stack: local AWS (ministack) and local Redshift.

Each is told the other's address at its start and needs nothing else of it, so they come up side by side.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path

from local.aws import service as aws_service
from local.aws.environment import ensure_environment
from local.aws.server import REGION, checkpoint_path
from local.errors import LocalStackError, service_failed
from local.files import read_json
from local.home import ROOT, Home
from local.ports import becomes_free, choose_ports, is_answering
from local.processes import is_running, start_detached, stop
from local.state import Ports, State, load, save

AWS = "aws"
REDSHIFT = "redshift"
LABELS = {AWS: "local AWS", REDSHIFT: "local Redshift"}
# Each comes up in seconds; a first start on a loaded machine may take ten times that.
_START_SECONDS = 90.0
_REDSHIFT_STOP_SECONDS = 30.0
_PORT_SECONDS = 3.0
_CHECKPOINT_SECONDS = 60.0  # the code of functions is among it
_POLL_SECONDS = 0.05

Progress = Callable[[str], None]


def start_services(home: Home, state: State, wanted: tuple[str, ...], progress: Progress) -> None:
    """Start those of the `wanted` services that do not run, and wait until they answer.

    Changes `state` and saves it as soon as a process exists, so that an interrupted start can be taken down. What a
    killed service left behind is ended first.

    Raises:
        LocalStackError: a service did not come up, or its port is somebody else's by now.
    """
    dead = [name for name in wanted if not state.running(name)]
    for name in dead:
        stop_service(home, state, name)
    ports = state.ports = _ports_for(home, state, dead)
    save(home, state)
    if AWS in dead:
        environment = ensure_environment(ROOT / ".landfall" / "aws-venv", progress)
        progress("local AWS: starting")
        state.processes[AWS] = aws_service.start(home.aws, ROOT, ports.aws, ports.redshift_data_url, environment)
        save(home, state)
    if REDSHIFT in dead:
        progress("local Redshift: starting")
        state.processes[REDSHIFT] = start_detached(
            _redshift_command(home, ports), _redshift_environment(ports), ROOT, redshift_log(home)
        )
        save(home, state)
    for name in dead:
        _wait_until_ready(home, state, name)


def stop_service(home: Home, state: State, name: str) -> None:
    """Stop one service, or end what is left of it; nothing happens to a process that is not this stack's."""
    process = state.processes.get(name)
    if process is None:
        return
    if name == AWS:
        aws_service.end(home.aws, process)
    else:
        stop(process, _REDSHIFT_STOP_SECONDS)
    if is_running(process):
        raise LocalStackError(f"{LABELS[name]} (process {process.pid}) does not end. End it by hand and try again.")
    del state.processes[name]
    save(home, state)


def checkpoint(home: Home, state: State) -> None:
    """Have local AWS write its state to disk, so that it survives a crash (S3 objects are there already).

    Raises:
        LocalStackError: it did not say in time that the state is written.
    """
    if not state.running(AWS):
        return
    written = checkpoint_path(home.aws)
    written.unlink(missing_ok=True)
    os.kill(state.processes[AWS].pid, signal.SIGUSR1)
    deadline = time.monotonic() + _CHECKPOINT_SECONDS
    while not written.exists():
        if not state.running(AWS) or time.monotonic() > deadline:
            raise service_failed(LABELS[AWS], "did not save its state", aws_service.log_path(home.aws))
        time.sleep(_POLL_SECONDS)


def redshift_log(home: Home) -> Path:
    """Return where the local Redshift's own output goes."""
    return home.folder / "redshift.log"


def redshift_facts(home: Home) -> dict[str, object]:
    """Return what the running local Redshift says of itself: host, ports, administrator."""
    return read_json(home.redshift / "redshift.json")


def _ports_for(home: Home, state: State, starting: list[str]) -> Ports:
    """Return the ports of earlier starts (queue URLs and deployed parameters hold them), or new ones at the first."""
    if state.ports is None:
        return Ports(*choose_ports(3, _ports_beside(home)))
    needed = {AWS: [state.ports.aws], REDSHIFT: [state.ports.redshift, state.ports.redshift_data]}
    taken = [str(port) for name in starting for port in needed[name] if not becomes_free(port, _PORT_SECONDS)]
    if taken:
        raise LocalStackError(
            f"port {' and '.join(taken)} on 127.0.0.1, which this local stack was made with, is in use by another "
            "program. End that program, or make a new stack with `landfall local reset` and `landfall local up`."
        )
    return state.ports


def _ports_beside(home: Home) -> set[int]:
    """Return the ports of the stacks beside this one, which keep them before their services listen there, and after."""
    found: set[int] = set()
    for path in home.folder.parent.glob(f"*/{home.state.name}"):
        with suppress(OSError, ValueError, TypeError, AttributeError):  # another program's file of that name
            found.update(astuple(load(Home(path.parent)).ports or Ports(0, 0, 0)))
    return found


def _redshift_command(home: Home, ports: Ports) -> list[str]:
    home_option = ["--home", str(home.redshift)]
    port_options = ["--wire-port", str(ports.redshift), "--data-port", str(ports.redshift_data)]
    return [sys.executable, "-m", "local.redshift.server", *home_option, *port_options]


def _redshift_environment(ports: Ports) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PG"))}
    return inherited | aws_environment(ports)


def aws_environment(ports: Ports) -> dict[str, str]:
    """Return the variables by which any AWS SDK finds the local stack."""
    return {
        "AWS_ENDPOINT_URL": ports.aws_url,
        "AWS_ENDPOINT_URL_REDSHIFT_DATA": ports.redshift_data_url,
        "AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS": ports.redshift_data_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": aws_service.ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": aws_service.SECRET_ACCESS_KEY,
    }


def _wait_until_ready(home: Home, state: State, name: str) -> None:
    log = aws_service.log_path(home.aws) if name == AWS else redshift_log(home)
    deadline = time.monotonic() + _START_SECONDS
    while not _is_ready(home, state, name):
        if not state.running(name):
            raise service_failed(LABELS[name], "ended while starting", log)
        if time.monotonic() > deadline:
            raise service_failed(LABELS[name], f"did not answer within {_START_SECONDS:.0f} s", log)
        time.sleep(_POLL_SECONDS)


def _is_ready(home: Home, state: State, name: str) -> bool:
    ports = state.ports
    if ports is None:
        return False
    if name == AWS:
        return is_answering(ports.aws)
    is_written = redshift_facts(home).get("pid") == state.processes[name].pid
    return is_written and is_answering(ports.redshift) and is_answering(ports.redshift_data)
