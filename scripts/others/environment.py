"""The environment of a suite: pinned requirements of its own, so that what it tests is what the product uses.

In: `requirements/<suite>.txt`, and folders of the suite's source that are installed with them. Out: an interpreter.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements"


def interpreter(suite: str, folder: Path, packages: Sequence[Path] = ()) -> Path:
    """Return the interpreter of a suite, which is installed once for its requirements and packages.

    Args:
        suite: the name of a file of requirements/.
        folder: where environments are kept.
        packages: folders of source that are packages themselves; each one's name holds its commit.

    Raises:
        subprocess.CalledProcessError: pip failed; it has said why on stderr.
    """
    requirements = REQUIREMENTS / f"{suite}.txt"
    asked = requirements.read_text(encoding="utf-8") + "".join(f"\n{package}" for package in packages)
    home = folder / "venvs" / f"{suite}-{hashlib.sha256(asked.encode()).hexdigest()[:12]}"
    python, done = home / "bin" / "python", home / "complete"
    if not done.exists():
        shutil.rmtree(home, ignore_errors=True)
        venv.create(home, symlinks=True, with_pip=False)
        install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "-r", str(requirements)]
        subprocess.run([*install, *map(str, packages)], check=True)  # noqa: S603 - our own words
        done.touch()
    return python
