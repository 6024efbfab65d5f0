"""The folder of one pytest run, shared by its xdist workers: its local stacks live there and end with the run."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from local import stack
from local.errors import LocalStackError
from local.files import read_json, write_json
from local.home import ROOT, Home
from local.processes import ProcessIdentity, identify, is_running
from local.redshift import warehouse
from local.redshift.shapes import FOLDER_VARIABLE

TESTS = ROOT / ".landfall" / "test"
_RUN_VARIABLE = "LANDFALL_TEST_RUN"  # inherited by the xdist workers
_OWNER = "owner.json"
STATEMENTS = "statements"  # what local Redshifts have seen


def begin() -> None:
    """Make this run's folder, and end the stacks of runs that were killed before they could do it themselves."""
    owner = identify(os.getpid())
    if owner is None:
        raise RuntimeError("this process cannot be found in the process table")
    for left in _runs_without_owner():
        try:
            end(left)
        except (LocalStackError, OSError) as error:  # this run can do without it
            print(f"cannot clear {left}: {error}", file=sys.stderr)
    folder = TESTS / f"run-{owner.pid}"
    write_json(folder / _OWNER, {"pid": owner.pid, "started": owner.started})
    os.environ[_RUN_VARIABLE] = str(folder)
    _keep_temporary_files_in(folder / "tmp")
    _keep_bytecode()
    _keep_statements_in(folder / STATEMENTS)


def folder() -> Path:
    """Return this run's folder."""
    return Path(os.environ[_RUN_VARIABLE])


def end(run: Path) -> None:
    """Stop every stack of a run and delete what they left."""
    for home in sorted(path.parent for path in run.glob("*/info.json")):
        stack.down(Home(home), lambda _: None)  # a run's last lines are its failures: nothing is printed below them
    for data in run.glob("*/data"):  # of a warehouse inside a process, which was killed
        warehouse.stop_leftover(data)
    shutil.rmtree(run)


def _keep_temporary_files_in(folder: Path) -> None:
    """Make pytest's, the tests' and their subprocesses' temporary files part of the run, so that they end with it."""
    folder.mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def _keep_statements_in(folder: Path) -> None:
    """Let every local Redshift of the run write down which statements it sees."""
    folder.mkdir()
    os.environ[FOLDER_VARIABLE] = str(folder)


def _keep_bytecode() -> None:
    """Let Python keep what it compiles, also where a container says otherwise: tests start processes by the hundred."""
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # which they would inherit


def _runs_without_owner() -> Iterator[Path]:
    for owner in TESTS.glob(f"run-*/{_OWNER}"):
        if not is_running(ProcessIdentity(**read_json(owner))):
            yield owner.parent
