"""Which names external schemas have, or had: what names none of them costs nothing.

In: names as CREATE EXTERNAL SCHEMA gives them. Out: whether a statement may mean one. The catalog alone knows whether
there is such a schema in a database; a name that is no longer one is looked up in vain and does no harm.
"""

from __future__ import annotations

import json
from pathlib import Path

FILE = "redshift_external_schemas.json"  # in the data folder


class ExternalNames:
    """The names that this process has met, kept in a file of the data folder."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._file: Path | None = None

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self._names)

    def __contains__(self, name: str) -> bool:
        """Tell whether a schema of this name may be external."""
        return name in self._names

    def keep_in(self, data: Path) -> None:
        """Keep names in a file of the data folder, and know those that it holds."""
        self._file = data / FILE
        self._names = set(json.loads(self._file.read_text(encoding="utf-8"))) if self._file.exists() else set()

    def add(self, name: str) -> None:
        """Know one more name."""
        if name in self._names:
            return
        self._names.add(name)
        if self._file is not None:
            draft = self._file.with_suffix(".draft")
            draft.write_text(json.dumps(sorted(self._names)), encoding="utf-8")
            draft.rename(self._file)


EXTERNAL_NAMES = ExternalNames()
