"""Every `landfall ...` that a document names in passing is a command, with options that it has."""

import re
import shlex
from collections.abc import Iterator

import pytest
from markdown_it import MarkdownIt

from local.home import ROOT
from tests.support.command_line import commands, options


def named() -> Iterator[tuple[str, str]]:
    """Yield the code in the documents' words that begins with `landfall `."""
    for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]:
        for token in MarkdownIt().enable("table").parse(path.read_text(encoding="utf-8")):
            for child in token.children or ():
                if child.type == "code_inline" and re.match(r"(\.venv/bin/)?landfall [a-z]", child.content):
                    yield f"{path.name}:{(token.map or [0])[0] + 1}", child.content


@pytest.mark.parametrize(("place", "code"), sorted(set(named())))
def test_a_command_in_words_is_one(place: str, code: str) -> None:
    assert problem(code) is None, place


def problem(code: str) -> str | None:
    """Say what is wrong with a command: its name, or an option.

    >>> problem("landfall history --outcome rejected"), problem("landfall histroy"), problem("landfall history --all")
    (None, 'no command histroy', 'landfall history has no --all')
    """
    words = shlex.split(code, posix=False)[1:]
    named = next((path for path in commands() if tuple(words[: len(path)]) == path), None)
    if named is None:
        return f"no command {words[0]}"
    given = [word.split("=")[0] for word in words if re.match("--[a-z]", word)]
    unknown = [option for option in given if option not in options(commands()[named]) | {"--help"}]
    return f"landfall {' '.join(named)} has no {', '.join(unknown)}" if unknown else None
