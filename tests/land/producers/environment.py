"""The producers' libraries, in an environment of their own under .landfall/producers-venv/<digest>/, made on demand.

They are some 300 MB, and no part of the product. A layout is made by a module beside this one (`make_delta`), run
there.
"""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

from local.files import digest, locked
from local.home import ROOT

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
HOME = ROOT / ".landfall" / "producers-venv"


def make(layout: str, folder: Path, *arguments: str) -> list[Path]:
    """Let a producer write its layout into a folder; return what it wrote, in the order of writing."""
    command = [str(_python()), str(HERE / f"make_{layout}.py"), str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    assert done.returncode == 0, done.stderr[-2000:]
    return [folder / line for line in done.stdout.splitlines()]


def _python() -> Path:
    """Return the environment's interpreter, made first if it is not there; several processes may ask at once."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    home = HOME / f"py{version}-{digest([REQUIREMENTS])[:12]}"
    python, done = home / "bin" / "python", home / "complete"
    with locked(HOME / "lock"):
        if not done.exists():
            shutil.rmtree(home, ignore_errors=True)
            venv.create(home, symlinks=True, with_pip=False)
            install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "-r"]
            subprocess.run([*install, str(REQUIREMENTS)], check=True)  # noqa: S603 - our own arguments
            done.touch()
    return python
