"""Tokens of Redshift's SQL. Pure.

In: a statement. Out: its tokens; comments and blanks are gone, names without quotes are in lower case
(https://docs.aws.amazon.com/redshift/latest/dg/r_names.html), and quoted ones as they stand (name_case.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.names import BEGINS, GOES_ON, folded, physical

WORD, QUOTED, NUMBER, STRING, PARAMETER, OPERATOR, END = (
    "word",
    "quoted",
    "number",
    "string",
    "parameter",
    "operator",
    "",
)

_TOKEN = re.compile(
    rf"""
      (?P<skip>[\ \t\r\n\f\v]+|--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)
    | (?P<string>[eE]?'(?:[^'\\]|''|\\.)*' | \$((?:[A-Za-z_]\w*)?)\$.*?\$\3\$)
    | (?P<quoted>"(?:[^"]|"")+")
    | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<parameter>\$\d+)
    | (?P<word>\#?{BEGINS}{GOES_ON}*)
    | (?P<operator>::|<<|>>|<=|>=|<>|!=|\|\|?/(?!\*)|\|\||!~\*?|~\*|[-+*/%^=<>~.,()\[\]:&|\#;@])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(slots=True)  # not frozen: it is made often, and that makes it slow
class Token:
    """A kind, the text that a statement holds, and what rules compare: a word or operator in lower case, else ''.

    `name`: the identifier that a word or a quoted name stands for, as PostgreSQL is to call it.
    """

    kind: str
    text: str
    key: str
    name: str = ""


_KNOWN: dict[str, Token] = {}
_MOST_KNOWN, _LONGEST_KNOWN = 20_000, 64  # tokens, and characters of one


def tokenize(sql: str) -> list[Token]:
    """Return the tokens of a statement, and one that marks its end.

    >>> [token.key or token.text for token in tokenize("select A -- b")]
    ['select', 'a', '']

    Raises:
        RedshiftError: a character that begins no token, or a name that Redshift does not keep.
    """
    tokens, position = [], 0
    for match in _TOKEN.finditer(sql):
        if match.start() != position:
            break
        position = match.end()
        kind = match.lastgroup or ""
        if kind != "skip":
            text = match[0]
            tokens.append(_KNOWN.get(text) or _token(kind, text))
    if position < len(sql):
        raise syntax_error(sql[position])
    return [*tokens, Token(END, "", "")]


def _token(kind: str, text: str) -> Token:
    """Make a token; statements have most of theirs in common."""
    name = ""
    if kind == WORD:
        name = physical(folded(text))
    elif kind == QUOTED:
        name = physical(text[1:-1].replace('""', '"'))
    token = Token(kind, text, text.lower() if kind in (WORD, OPERATOR) else "", name)
    if len(_KNOWN) < _MOST_KNOWN and len(text) <= _LONGEST_KNOWN:
        _KNOWN[text] = token
    return token


def syntax_error(near: str) -> RedshiftError:
    """Return the error that the grammar gives at a word."""
    words = f'syntax error at or near "{near}"' if near else "syntax error at end of input"
    return RedshiftError(words, SYNTAX_ERROR)
