"""A test run that is killed leaves no stack behind for long: the next run ends it."""

import os
import signal
import subprocess
import sys

from local.files import read_json
from local.home import ROOT, Home
from local.processes import ProcessIdentity, is_running
from local.services import AWS
from local.state import State, load
from tests.support import run_folder
from tests.support.waiting import wait_for

STARTS_AND_HANGS = """
import os, time
from tests.support import run_folder
from tests.support.local_stack import services
run_folder.begin()
services("aws")
time.sleep(60)
"""


def test_the_next_run_ends_the_stacks_of_a_killed_run() -> None:
    run = subprocess.Popen([sys.executable, "-c", STARTS_AND_HANGS], cwd=ROOT)  # noqa: S603 - the code above
    folder = run_folder.TESTS / f"run-{run.pid}"
    home = Home(folder / "services")

    def started() -> State | None:
        state = load(home)
        return state if state.running(AWS) else None

    server = wait_for(started, "the server").processes[AWS]
    owner = ProcessIdentity(**read_json(folder / "owner.json"))
    assert is_running(owner)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert is_running(server)
    subprocess.run(
        [sys.executable, "-c", "from tests.support import run_folder; run_folder.begin()"], cwd=ROOT, check=True
    )
    assert not is_running(server)
    assert not folder.exists()
