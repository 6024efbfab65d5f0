"""What commands print with --json, held to the schema of each (`landfall/schemas`)."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # jsonschema ships no types

from local.home import ROOT

SCHEMAS = ROOT / "landfall" / "schemas"
GROUPS = frozenset({"local"})  # commands that have commands
A_LINE_EACH = frozenset({"tail"})


def name_of(arguments: Sequence[str]) -> str:
    """Name the schema of a command line.

    >>> name_of(["local", "info", "--json"]), name_of(["history", "--dataset", "orders"])
    ('local-info', 'history')
    """
    return "-".join(arguments[: 2 if arguments[0] in GROUPS else 1])


def read(arguments: Sequence[str], printed: str) -> Any:
    """Parse what a command printed with --json, and hold it to the command's schema; None where it printed nothing."""
    name = name_of(arguments)
    documents = [json.loads(text) for text in (printed.splitlines() if name in A_LINE_EACH else [printed]) if text]
    for document in documents:
        problems = [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(document)]
        assert not problems, f"landfall {' '.join(arguments)}: {problems[:5]}"
    if name in A_LINE_EACH:
        return documents
    return documents[0] if documents else None


@cache
def validator(name: str) -> Draft202012Validator:
    """Return a validator of a schema that also refuses what the schema does not mention: it is the documentation."""
    return Draft202012Validator(_closed(schema(name)))


def schema(name: str) -> dict[str, Any]:
    """Read the schema of a command."""
    found: dict[str, Any] = json.loads(path_of(name).read_text(encoding="utf-8"))
    return found


def path_of(name: str) -> Path:
    """Say where the schema of a command is."""
    return SCHEMAS / f"{name}.json"


def _closed(part: Any) -> Any:
    if isinstance(part, list):
        return [_closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    closed = {key: _closed(value) for key, value in part.items()}
    return {"additionalProperties": False, **closed} if "properties" in closed else closed
