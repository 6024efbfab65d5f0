"""The command line as its users see it: every command, its options, and what `--help` says."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

from landfall.app import build

Path = tuple[str, ...]


@cache
def commands() -> dict[Path, Any]:
    """Return every command by its words, `("local", "up")`; the groups are none."""
    return dict(_walk(get_command(build()), ()))


def options(command: Any) -> set[str]:
    """Name the options of a command, in all their spellings."""
    return {name for each in command.params for name in (*each.opts, *each.secondary_opts) if name.startswith("-")}


def helps() -> Iterator[tuple[str, str]]:
    """Yield each text that `--help` shows, with the command that it is of."""
    app = get_command(build())
    yield "landfall", f"{app.help} {getattr(app, 'epilog', '')}"
    for words, command in commands().items():
        yield " ".join(words), command.help or ""
        yield from ((" ".join(words), getattr(each, "help", None) or "") for each in command.params)


def _walk(command: Any, words: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            yield from _walk(child, (*words, name))
    else:
        yield words, command
