"""An earlier release of the product, as its own checkout: what a deployment was made by before an upgrade."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.home import ROOT, Home


@dataclass(frozen=True)
class Release:
    """A checkout, and the home of the local stack that it is told to use."""

    root: Path
    home: Home

    def landfall(self, *arguments: str, timeout_seconds: float = 1200) -> Any:
        """Run its `landfall` on the stack; return what it printed as JSON, if it printed anything."""
        done = subprocess.run(  # noqa: S603 - the product's own command
            [sys.executable, "-m", "landfall.app", *arguments, "--json"],
            env=self._environment(),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
        assert done.returncode == 0, f"landfall {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout else None

    def up(self) -> None:
        """Deploy this release to the local stack, whatever was deployed on it before."""
        self.landfall("local", "up")

    def _environment(self) -> dict[str, str]:
        foreign = ("AWS_", "LANDFALL_", "DBT_", "PYTHONPATH")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        kept |= {"LANDFALL_HOME": str(self.home.folder), "PYTHONPATH": str(self.root)}
        if not self.home.state.exists():
            return kept
        from local import faces
        from local.errors import LocalStackError

        try:
            return kept | faces.environment(self.home)
        except LocalStackError:  # nothing is deployed yet
            return kept


def is_known(commit: str) -> bool:
    """Tell whether this checkout's history has a commit; a shallow clone's may not."""
    done = subprocess.run(["git", "cat-file", "-e", f"{commit}^{{commit}}"], cwd=ROOT, capture_output=True, check=False)  # noqa: S603, S607
    return done.returncode == 0
