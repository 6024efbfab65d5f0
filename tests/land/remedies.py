"""Remedies: which calls word one, which of them a test has heard, and what the person does who reads it."""

import ast
import re
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, wraps
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.judge.causes import Cause
from ingest_lambda.judge.verdict import Verdict
from ingest_lambda.read.json_text import JsonText
from ingest_lambda.rewrite.checks import BadValueError
from landfall.app import build
from landfall.operate import evolution
from tests.land.warehouse import Land

FUNCTION = Path(__file__).parents[2] / "ingest_lambda"
WORDED_BY = {"remedy", "evolve_to"}
# How many arguments a call has by their place if the last is a remedy.
BY_PLACE = {"Cause": 2, "BadValueError": 5}
# These hand on what others have worded.
HANDED_ON = {
    "judge.belonging.refuse_foreign",
    "judge.verdict.verdict_of",
    "read.json_text.refuse",
    "rewrite.rewrite._bad_value",
    "rewrite.texts._with_encoding",
}
Place = tuple[str, int, int]


@cache
def worded_at() -> Mapping[Place, str]:
    """Find the calls of the ingest function that word a remedy: by file, first and last line, their name.

    It is that of the function (`read.columns._check`), with a number where one function has several.
    """
    found: dict[Place, str] = {}
    for path in sorted(FUNCTION.rglob("*.py")):
        module = ".".join(path.relative_to(FUNCTION).with_suffix("").parts)
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef) or f"{module}.{function.name}" in HANDED_ON:
                continue
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and _words_a_remedy(node)]
            for number, call in zip(count(1), sorted(calls, key=lambda call: call.lineno)):
                name = f"{module}.{function.name}" + (f" {number}" if len(calls) > 1 else "")
                found[str(path), call.lineno, call.end_lineno or call.lineno] = name
    assert max(Counter(found.values()).values()) == 1
    return found


def _words_a_remedy(call: ast.Call) -> bool:
    called = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if called == "refuse" and isinstance(call.func, ast.Attribute):
        return isinstance(call.func.value, ast.Name) and len(call.args) > 1  # of JsonText, by itself
    by_keyword = bool(WORDED_BY & {keyword.arg for keyword in call.keywords})
    return by_keyword or len(call.args) >= BY_PLACE.get(called, sys.maxsize)


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Note the names of the calls that word a remedy, as they are made."""
    heard: list[str] = []

    def hearing(work: Callable[..., None]) -> Callable[..., None]:
        @wraps(work)
        def hear(*arguments: Any, **named: Any) -> None:
            heard.extend(_name_of(sys._getframe(1)))
            work(*arguments, **named)

        return hear

    with pytest.MonkeyPatch.context() as patched:
        for kind in (RejectedFileError, BadValueError, Cause):
            patched.setattr(kind, "__init__", hearing(getattr(kind, "__init__")))  # noqa: B009 - mypy takes it for an instance's
        patched.setattr(JsonText, "refuse", hearing(JsonText.refuse))
        yield heard


def _name_of(frame: FrameType) -> list[str]:
    file, line = frame.f_code.co_filename, frame.f_lineno
    return [name for (path, first, last), name in worded_at().items() if path == file and first <= line <= last]


def evolve(land: Land, dataset: str, verdict: Verdict) -> None:
    """Carry out the `landfall evolve` of a remedy, as the command line reads it; the file is to be replayed then."""
    spelt = re.search(r"landfall evolve (.+?), (declare .+, deploy, )?then landfall replay the file", verdict.remedy)
    assert spelt is not None, verdict.remedy
    commands = typer.main.get_command(build())
    assert isinstance(commands, TyperGroup)
    said = commands.commands["evolve"].make_context("evolve", shlex.split(spelt[1])).params
    assert said["dataset"] == dataset
    change = evolution.plan_change(land.warehouse, dataset, said["column"], said["type_"], may_add=said["may_add"])
    assert change.outcome is not evolution.Outcome.UNCHANGED, "a command that has nothing to do is no remedy"
    evolution.carry_out(land.warehouse, change)
