"""A newcomer's machine: a checkout of its own, its tools on the path, and no stack yet."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.checkouts import copy_checkout
from local import stack
from local.home import Home
from tests.support import run_folder

_FOREIGN = ("AWS_", "DBT_", "LANDFALL_", "PG")
PATIENCE_SECONDS = 600


@dataclass
class Shell:
    """A shell whose folder, variables and last exit code live on from command to command."""

    tree: Path
    state: Path
    code: int = 0

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command; what it prints on stdout and on stderr is kept apart."""
        script = (
            f'cd "$(cat {self.state}/folder)"; source {self.state}/variables\n'
            f"trap 'export -p > {self.state}/variables; pwd > {self.state}/folder' EXIT\n"
            f"(exit {self.code})\n{command}\n"
        )
        done = subprocess.run(  # noqa: S603 - the documents' own commands
            ["/bin/bash", "-c", script],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        self.code = done.returncode
        return done


@pytest.fixture(scope="package")
def tree() -> Iterator[Path]:
    """A copy of this checkout as it is, on which documents may do what they say."""
    tree = run_folder.folder() / "documents-tree"
    copy_checkout(tree)
    (tree / ".venv").symlink_to(sys.prefix)
    yield tree
    stack.down(_home(), lambda _: None)


@pytest.fixture
def shell(tree: Path, tmp_path: Path) -> Shell:
    """A shell in the checkout, in which no stack is named. All have one local stack, once a command starts it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    kept |= {"LANDFALL_HOME": str(_home().folder), "PYTHONPATH": str(tree)}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in kept.items() if name.isidentifier()]
    (tmp_path / "variables").write_text("\n".join(lines))
    (tmp_path / "folder").write_text(str(tree))
    return Shell(tree, tmp_path)


def _home() -> Home:
    return Home(run_folder.folder() / "documents")
