"""The options that end a COPY and an UNLOAD, in any order. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.masking import Masked, unquote

Options = tuple[tuple[str, re.Pattern[str]], ...]
"""The options that a command takes: the name and the pattern of each, whose group `value`, if there is one, is read."""


def compile_options(patterns: Iterable[tuple[str, str]]) -> Options:
    """Compile the patterns of options, in which case does not count."""
    return tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in patterns)


def read_options(
    text: str, masked: Masked, options: Options, unknown: Callable[[str], RedshiftError]
) -> dict[str, str | None]:
    """Return the options in `text` with their values, None for those without; words without quotes in lower case.

    Raises:
        RedshiftError: what `unknown` makes of the text from a word on that is no option, or a dollar-quoted text.
    """
    found: dict[str, str | None] = {}
    while text.strip():
        for name, pattern in options:
            if match := pattern.match(text):
                value = match.groupdict().get("value")
                found[name] = _value(value, masked) if value else None
                text = text[match.end() :]
                break
        else:
            raise unknown(text)
    return found


def _value(text: str, masked: Masked) -> str:
    word = masked.restore(text)
    if word.startswith("$"):
        raise RedshiftError("an option's text must stand in single quotes", SYNTAX_ERROR)
    return unquote(word) if word.startswith("'") else masked.restore(text.lower())
