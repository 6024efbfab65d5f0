"""Statements that a run of the tests sends, each shape once, written down for the check at the run's end.

In: statements that have ended. Out: lines of JSON in a file of FOLDER_VARIABLE, `user`, `status` and `text`: the first
of its shape, user and status. Without the variable nothing is noted, and costs nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

FOLDER_VARIABLE = "LANDFALL_STATEMENTS"
# Literals, comments, numbers also in names, and what a random name has for its end.
_PASSING = re.compile(r"'(?:[^'\\]|''|\\.)*'|--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/|[0-9a-f]{6,}|\d+", re.DOTALL)


class Shapes:
    """The shapes that one server has seen."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: set[tuple[str, str, int]] = set()

    def note(self, user: str, status: str, text: str) -> None:
        """Write a statement down if it is the first of its shape."""
        key = (user, status, hash(_PASSING.sub("0", text)))
        if key in self._seen:
            return
        self._seen.add(key)
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"user": user, "status": status, "text": text}) + "\n")


def of_environment(variables: Mapping[str, str], home: Path) -> Shapes | None:
    """Return where a server of this home notes statements, if anybody asks for it.

    >>> of_environment({}, Path("home"))
    """
    folder = variables.get(FOLDER_VARIABLE)
    return Shapes(Path(folder) / f"{home.parent.name}-{os.getpid()}.jsonl") if folder else None
