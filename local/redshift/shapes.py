"""Statements that a run of the tests sends, each shape once, written down for the check at the run's end.

In: statements that have ended. Out: lines of JSON in a file of FOLDER_VARIABLE, `user`, `is_data_api`, `status` and
`text`: the first of its shape, user, way and status. Without the variable nothing is noted, and costs nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

FOLDER_VARIABLE = "LANDFALL_STATEMENTS"
# Literals, comments, and what a random name has for its end; numbers, also in names, go with _NO_DIGITS.
_PASSING = re.compile(r"'(?:[^'\\]|''|\\.)*'|--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/|_[0-9a-f]{6,}", re.DOTALL)
_RANDOM = re.compile("_[0-9a-f]{6,}")
_NO_DIGITS = str.maketrans("", "", "0123456789")


class Sender(Protocol):
    """What is noted of whose statement it is."""

    user: str
    is_data_api: bool


class Shapes:
    """The shapes that one server has seen."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: set[tuple[str, bool, str, int]] = set()

    def note(self, origin: Sender, status: str, text: str) -> None:
        """Write a statement down if it is the first of its shape."""
        key = (origin.user, origin.is_data_api, status, hash(_shape(text)))
        if key in self._seen:
            return
        self._seen.add(key)
        with self._file.open("a", encoding="utf-8") as lines:
            said = {"user": origin.user, "is_data_api": origin.is_data_api, "status": status, "text": text}
            lines.write(json.dumps(said) + "\n")


def _shape(text: str) -> str:
    """Return what two statements have in common that differ by literals, numbers, comments and random names.

    >>> _shape("/* dbt */ select a1 from t_0a1b2c3d where b = 'x'") == _shape("select a2 from t_ffffffff where b = ''")
    True
    """
    if text.startswith("/*"):
        text = text[text.find("*/") + 2 :].lstrip()
    if "--" in text or "/*" in text or "\\" in text:
        return _PASSING.sub("", text).translate(_NO_DIGITS)
    return _RANDOM.sub("", "".join(text.split("'")[::2])).translate(_NO_DIGITS)  # quicker: most have nothing of these


def of_environment(variables: Mapping[str, str], home: Path) -> Shapes | None:
    """Return where a server of this home notes statements, if anybody asks for it.

    >>> of_environment({}, Path("home"))
    """
    folder = variables.get(FOLDER_VARIABLE)
    return Shapes(Path(folder) / f"{home.parent.name}-{os.getpid()}.jsonl") if folder else None
