"""Brackets and commas in masked SQL: where a call's arguments begin and end. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence


def closing(text: str, opening: int) -> int:
    """Return the index of the bracket that closes the one at `opening`, or -1.

    >>> closing("f(a, (b)) c", 1)
    8
    """
    depth = 0
    for index in range(opening, len(text)):
        if text[index] == "(":
            depth += 1
        elif text[index] == ")":
            depth -= 1
            if depth == 0:
                return index
    return -1


def split_commas(text: str) -> list[str]:
    """Split at commas outside brackets; parts are trimmed.

    >>> split_commas("a, f(b, c), d")
    ['a', 'f(b, c)', 'd']
    """
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]


Rewriter = Callable[[Sequence[str]], str | None]


def rewrite_calls(text: str, name: str, rewriter: Rewriter) -> str:
    """Replace each call of `name` by what `rewriter` makes of its arguments, innermost first; None leaves it.

    >>> rewrite_calls("nvl(a, NVL(b, 1))", "nvl", lambda arguments: "coalesce(" + ", ".join(arguments) + ")")
    'coalesce(a, coalesce(b, 1))'
    """
    pattern = re.compile(rf"(?<![\w.$]){name}\s*\(", re.IGNORECASE)
    found = list(pattern.finditer(text))
    for match in reversed(found):
        end = closing(text, match.end() - 1)
        if end < 0:
            continue
        replacement = rewriter(split_commas(text[match.end() : end]))
        if replacement is not None:
            text = text[: match.start()] + replacement + text[end + 1 :]
    return text
