"""Whether a statement is a command of Redshift: what fits none of commands.txt has a syntax error where it stops to.

In: a statement, masked, whose query, if it holds one, is a piece of it. Out: nothing, or a RedshiftError.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

from local.redshift.errors import RedshiftError
from local.redshift.grammar.notation import Keyword, Match, Pattern, Sequence, read
from local.redshift.grammar.tokens import END, tokens_of
from local.redshift.masking import Masked
from local.redshift.sql.tokens import syntax_error

COMMANDS = Path(__file__).with_name("commands.txt")
_DOCUMENTATION = "https://docs.aws.amazon.com/redshift/latest/dg/"
_PAGE, _NOT_OFFERED = "page: ", "not offered: "


@dataclass(frozen=True)
class Command:
    """A form of a command, the page that documents it, and whether it is offered here."""

    pattern: Pattern
    page: str
    is_offered: bool

    @property
    def name(self) -> str:
        """Return the words that it begins with, three at most."""
        parts = self.pattern.parts if isinstance(self.pattern, Sequence) else []
        words = takewhile(lambda part: isinstance(part, Keyword), parts[:3])
        return " ".join(word.key.upper() for word in words if isinstance(word, Keyword))


@lru_cache(maxsize=1)
def commands() -> dict[str, list[Command]]:
    """Return the commands by their first word, those that are offered first."""
    patterns: dict[str, Pattern] = {}
    found: list[Command] = []
    page = ""
    for line in _lines():
        if line.startswith(_PAGE):
            page = _DOCUMENTATION + line.removeprefix(_PAGE) + ".html"
        elif line[0].islower() and not line.startswith(_NOT_OFFERED):
            name, text = line.split(" = ", 1)
            patterns[name] = read(text, patterns)
        else:
            is_offered = not line.startswith(_NOT_OFFERED)
            found.append(Command(read(line.removeprefix(_NOT_OFFERED), patterns), page, is_offered))
    by_word: dict[str, list[Command]] = {}
    for command in sorted(found, key=lambda command: not command.is_offered):
        by_word.setdefault(_first_word(command.pattern), []).append(command)
    return by_word


def _lines() -> list[str]:
    lines: list[str] = []
    for line in COMMANDS.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            lines[-1] += line
        elif line and not line.startswith("#"):
            lines.append(line)
    return lines


def _first_word(pattern: Pattern) -> str:
    if isinstance(pattern, Sequence) and isinstance(pattern.parts[0], Keyword):
        return pattern.parts[0].key
    raise ValueError("a command begins with a word that stands for itself")


def refuse_unknown(code: str, masked: Masked) -> None:
    """Refuse a statement that is no command of Redshift, or one that is not offered.

    >>> from local.redshift.masking import mask
    >>> masked = mask("lock table t nowait")
    >>> refuse_unknown(masked.text, masked)
    Traceback (most recent call last):
    local.redshift.errors.RedshiftError: syntax error at or near "nowait"

    Raises:
        RedshiftError: in the words of Redshift's parser, or by the name of what is not offered.
    """
    tokens = tokens_of(masked, code.rstrip("; \t\r\n\f\v"))
    match = Match(tokens)
    for command in commands().get(tokens[0].key, ()):
        for end in command.pattern.ends(match, 0):
            if tokens[end].kind == END:
                if command.is_offered:
                    return
                raise RedshiftError(
                    f"this form of {command.name} is not offered by the local Redshift ({command.page})"
                )
            match.fail(end)
    raise syntax_error(tokens[match.farthest].text)
