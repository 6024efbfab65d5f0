"""Tokens of a masked statement that is no query. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.redshift.masking import IDENTIFIER, STRING, Masked, without_comments

END = ""
_TOKEN = re.compile(
    rf"(?P<string>{STRING})|(?P<number>\d+(?:\.\d*)?|\.\d+)|(?P<name>{IDENTIFIER})|(?P<sign>::|[^\s])", re.DOTALL
)


@dataclass(frozen=True)
class Token:
    """A kind (identifier: a quoted one), the text that stands in the statement, and a word or sign in lower case.

    `span`: where it begins and ends in the masked statement.
    """

    kind: str
    text: str
    key: str
    span: tuple[int, int] = (0, 0)


def tokens_of(masked: Masked, code: str | None = None) -> list[Token]:
    """Return the tokens of `code`, without comments (default: all of the statement), and one that marks the end.

    >>> from local.redshift.masking import mask
    >>> [(token.kind, token.text) for token in tokens_of(mask("comment on table \\"T\\" is 'x'"))][-4:]
    [('identifier', '"T"'), ('word', 'is'), ('string', "'x'"), ('', '')]
    """
    code = without_comments(masked.text) if code is None else code
    return [*(_token(match, masked) for match in _TOKEN.finditer(code)), Token(END, "", "", (len(code), len(code)))]


def _token(match: re.Match[str], masked: Masked) -> Token:
    text, kind = match[0], match.lastgroup or ""
    if kind == "name":
        is_quoted = text.startswith("\x02")
        key = "" if is_quoted else text.lower()
        return Token("identifier" if is_quoted else "word", masked.restore(text), key, match.span())
    return Token(kind, masked.restore(text), "" if kind == "string" else text, match.span())
