"""Brackets and commas in masked SQL: where a call's arguments begin and end. Pure."""

from __future__ import annotations

BLANKS = " \t\n\r\f\v"
"""What parts words: a blank beyond ASCII is a letter of a name (https://docs.aws.amazon.com/redshift/latest/dg/r_names.html)."""


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
            parts.append(text[start:index].strip(BLANKS))
            start = index + 1
    return [*parts, text[start:].strip(BLANKS)]
