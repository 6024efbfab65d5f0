"""What `--help` prints at 80 columns: every word of it, whole options, no markup taken for words."""

import re
from itertools import pairwise

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from landfall.app import build
from tests.support.command_line import Path, commands, options

COLUMNS = 80


def page(*words: str) -> str:
    result = CliRunner().invoke(build(), [*words, "--help"], env={"COLUMNS": str(COLUMNS)})
    assert result.exit_code == 0
    return result.output


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("words", sorted(commands()), ids=" ".join)
def test_help_shows_every_word_and_option_whole(words: Path) -> None:
    shown, command = page(*words), commands()[words]
    texts = [command.help, *(getattr(each, "help", None) for each in command.params)]
    assert [text for text in texts if squeezed(text or "") not in squeezed(shown)] == []
    assert [name for name in options(command) if not re.search(rf"{name}(?![\w-])", shown)] == []
    assert [line for line in shown.splitlines() if len(line) > COLUMNS] == []


@pytest.mark.parametrize("words", sorted(commands()), ids=" ".join)
def test_every_option_and_argument_says_something_of_its_own(words: Path) -> None:
    said = [getattr(each, "help", None) for each in commands()[words].params]
    assert [text for text in said if not text or said.count(text) > 1] == []


@pytest.mark.parametrize("words", sorted(commands()), ids=" ".join)
def test_a_line_of_help_is_filled_before_the_next_begins(words: Path) -> None:
    described = re.split(r"\n(?:Arguments|Options):", page(*words))[0]
    lines = described.splitlines()
    short = [one for one, two in pairwise(lines) if two.strip() and len(one) + len(two.split()[0]) < 72]
    assert [line for line in short if line.startswith("  ")] == []


def test_the_list_of_commands_shows_the_whole_summary_of_each() -> None:
    shown = squeezed(page()) + squeezed(page("local"))
    assert [words for words, each in commands().items() if squeezed(summary(each.help)) not in shown] == []
    assert isinstance(get_command(build()), TyperGroup)


def summary(text: str) -> str:
    return text.split("\n\n")[0]
