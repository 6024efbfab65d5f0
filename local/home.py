"""Where a local stack keeps everything it makes: one folder, in the ignored `.landfall/` unless told otherwise."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Home:
    """The folder of one local stack."""

    folder: Path

    @property
    def lock(self) -> Path:
        """File that whoever changes the stack holds locked."""
        return self.folder / "lock"

    @property
    def state(self) -> Path:
        """File that says which processes run, on which ports, and what is deployed."""
        return self.folder / "info.json"

    @property
    def aws(self) -> Path:
        """Folder of the local AWS server."""
        return self.folder / "aws"

    @property
    def redshift(self) -> Path:
        """Folder of the local Redshift."""
        return self.folder / "redshift"

    @property
    def dbt(self) -> Path:
        """Folder of what dbt makes when it is run by hand: compiled SQL, run results, the documentation, logs."""
        return self.folder / "dbt"


def home_from_environment() -> Home:
    """Return the home named by LANDFALL_HOME, or `.landfall/local` of this checkout."""
    return Home(Path(os.environ.get("LANDFALL_HOME") or ROOT / ".landfall" / "local").resolve())
