"""The two Python environments of local AWS, made on demand under .landfall/aws-venv/<digest>/.

- `server`: ministack and what it needs, from requirements.txt.
- `runtime`: nothing but the standard library (without semaphores, see runtime/sitecustomize.py). Lambda workers run in
  it, so that a package missing from a Lambda's zip is missing here as well.
"""

import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalStackError
from local.files import digest, locked

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "requirements.txt"
_RUNTIME_CUSTOMIZATION = _HERE / "runtime" / "sitecustomize.py"


@dataclass(frozen=True)
class AwsEnvironment:
    """The interpreters of the local AWS server and of its Lambda workers."""

    server_python: Path
    runtime_python: Path


def ensure_environment(folder: Path, progress: Callable[[str], None]) -> AwsEnvironment:
    """Return the environments for the current requirements and Python, made first if they are not there yet.

    Safe when several processes ask at once: one makes them, the others wait.

    Raises:
        LocalStackError: pip could not install the requirements.
    """
    home = folder / _key()
    done = home / "complete"
    with locked(folder / "lock"):
        if not done.exists():
            progress("local AWS: installing the server (once)")
            shutil.rmtree(home, ignore_errors=True)
            _make(home)
            done.touch()
    return AwsEnvironment(_python(home / "server"), _python(home / "runtime"))


def _key() -> str:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return f"py{version}-{digest([_REQUIREMENTS, _RUNTIME_CUSTOMIZATION])[:12]}"


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"


def _make(home: Path) -> None:
    for name in ("server", "runtime"):
        venv.create(home / name, symlinks=True, with_pip=False)
    _install(_python(home / "server"))
    site_packages = next((home / "runtime").glob("lib/python*/site-packages"))
    shutil.copy(_RUNTIME_CUSTOMIZATION, site_packages)


def _install(python: Path) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "-r", str(_REQUIREMENTS)]
    result = subprocess.run(  # noqa: S603 - our own arguments
        command, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise LocalStackError(
            f"pip could not install {_REQUIREMENTS}. It said:\n{result.stderr.strip()[-2000:]}\n"
            "Check the connection to the package index and run the command again."
        )
