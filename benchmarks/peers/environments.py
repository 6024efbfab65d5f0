"""The other loaders, each in an environment of its own under .landfall/peers-venv, made on demand.

In: the name of a file in requirements/. Out: the environment's interpreter.
"""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

from local.files import digest, locked
from local.home import ROOT

_HOME = ROOT / ".landfall" / "peers-venv"
REQUIREMENTS = Path(__file__).parent / "requirements"


def interpreter(name: str) -> Path:
    """Return the interpreter in which a loader runs; a release is installed once."""
    requirements = REQUIREMENTS / f"{name}.txt"
    home = _HOME / f"{name}-{digest([requirements])[:12]}"
    python, done = home / "bin" / "python", home / "complete"
    with locked(_HOME / "lock"):
        if not done.exists():
            shutil.rmtree(home, ignore_errors=True)
            venv.create(home, symlinks=True, with_pip=False)
            install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "-r"]
            subprocess.run([*install, str(requirements)], check=True)  # noqa: S603 - our own words
            done.touch()
    return python
