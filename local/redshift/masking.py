"""SQL text with its strings, quoted identifiers and comments masked, so that rules by pattern see only code.

In: SQL. Out: SQL in which each masked piece is one placeholder, and the way back. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from local.redshift.names import BEGINS, GOES_ON, folded, physical_words
from local.redshift.remembering import remembered

_PIECE = re.compile(
    rf"""
      '(?:[^'\\]|''|\\.)*'              # a string; a backslash escapes, as in Redshift
    | "(?:[^"]|"")*"                    # a quoted identifier
    | (?<!{GOES_ON})\#{BEGINS}{GOES_ON}*  # the name of a temporary table
    | (?<!{GOES_ON})\$((?:[A-Za-z_]\w*)?)\$.*?\$\1\$  # a dollar-quoted string
    | --[^\n]*                          # comments
    | /\*(?:[^*]|\*(?!/))*\*/
    """,
    re.VERBOSE | re.DOTALL,
)
HOLDER = re.compile("[\x01\x02\x03](\\d+)\x04")
_STRING, _IDENTIFIER, _COMMENT = "\x01", "\x02", "\x03"
STRING = f"{_STRING}\\d+\x04"
IDENTIFIER = f"(?:{_IDENTIFIER}\\d+\x04|{BEGINS}{GOES_ON}*)"
NAME = f"{IDENTIFIER}(?:\\s*\\.\\s*{IDENTIFIER}){{0,2}}"
"""Patterns, for rules: a masked string, an identifier (quoted or not), a name of up to three parts."""


HAS_BODY = re.compile(r"\s*create\s+(?:or\s+replace\s+)?(?:function|procedure)\b", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([0-7]{1,3}|.)", re.DOTALL)  # in a string, as PostgreSQL's before 9.1 and Redshift's
_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass
class Masked:
    """SQL with placeholders (`text`) and the pieces they stand for."""

    text: str
    pieces: list[str] = field(default_factory=list)

    def restore(self, text: str | None = None) -> str:
        """Return `text` (default: all of it) with the pieces in place."""
        return HOLDER.sub(lambda holder: self.pieces[int(holder[1])], self.text if text is None else text)

    def with_physical_names(self, code: str) -> str:
        """Return `code`, masked, with names as PostgreSQL calls them, also in what its placeholders stand for.

        Raises:
            RedshiftError: a name that Redshift does not keep.
        """
        in_bodies = HAS_BODY.match(code) is not None
        for place, piece in enumerate(self.pieces):
            if piece.startswith('"'):
                self.pieces[place] = physical_words(piece)
            elif in_bodies and piece.startswith("$"):
                start, end = piece.index("$", 1) + 1, piece.rindex("$", 0, -1)
                body = mask(piece[start:end])
                self.pieces[place] = piece[:start] + body.restore(body.with_physical_names(body.text)) + piece[end:]
        return physical_words(code)

    def hold(self, piece: str) -> str:
        """Keep one more piece; return its placeholder."""
        self.pieces.append(piece)
        return f"{_marker(piece)}{len(self.pieces) - 1}\x04"


def _marker(piece: str) -> str:
    if piece.startswith('"'):
        return _IDENTIFIER
    return _COMMENT if piece.startswith(("--", "/*")) else _STRING


def mask(sql: str) -> Masked:
    """Mask `sql`.

    >>> masked = mask("select 'a;b' /* ; */ as \\"x;y\\"")
    >>> ";" in masked.text, masked.restore()
    (False, 'select \\'a;b\\' /* ; */ as "x;y"')
    """
    text, pieces, _ = _masked(sql)
    return Masked(text, list(pieces))


def code_of(sql: str) -> str:
    """Return masked SQL without comments, trimmed.

    >>> code_of("/* dbt */ select 1 -- one")
    'select 1'
    """
    return _masked(sql)[2]


@remembered(most=1000)  # on its way a statement is masked for one rule after the other
def _masked(sql: str) -> tuple[str, tuple[str, ...], str]:
    masked = Masked("")
    masked.text = _PIECE.sub(
        lambda piece: masked.hold(f'"{folded(piece[0])}"' if piece[0][0] == "#" else piece[0]), sql
    )
    return masked.text, tuple(masked.pieces), without_comments(masked.text)


def without_comments(text: str) -> str:
    """Return masked text without its comments, trimmed.

    >>> without_comments(mask("/* dbt */ select 1 -- one").text)
    'select 1'
    """
    return re.sub(f"{_COMMENT}\\d+\x04", " ", text).strip()


def split_statements(sql: str) -> list[str]:
    """Split at semicolons that stand in code; empty statements and lone comments are left out.

    >>> split_statements("select ';'; -- done\\nselect 2;")
    ["select ';'", ' -- done\\nselect 2']
    """
    masked = mask(sql)
    if ";" not in masked.text:
        return [sql] if code_of(sql) else []
    parts = (part for part in masked.text.split(";") if without_comments(part))
    return [masked.restore(part) for part in parts]


def unquote(literal: str) -> str:
    """Return the value of a string literal.

    >>> unquote("'it''s'"), unquote(r"'a\\tb\\\\t\\101'")
    ("it's", 'a\\tb\\\\tA')
    """
    if literal.startswith("$"):
        return literal[literal.index("$", 1) + 1 : literal.rindex("$", 0, -1)]
    return _ESCAPE.sub(_escaped, literal[1:-1].replace("''", "'"))


def _escaped(escape: re.Match[str]) -> str:
    word = escape[1]
    return chr(int(word, 8) & 0xFF) if word.isdigit() and word < "8" else _CONTROLS.get(word, word)


def unquote_identifier(name: str) -> str:
    """Return the name that an identifier is: a quoted one as it stands (name_case.py), another folded.

    >>> unquote_identifier('"Or""der"'), unquote_identifier("Total")
    ('Or"der', 'total')
    """
    return name[1:-1].replace('""', '"') if name.startswith('"') else folded(name)


def quote_literal(value: str) -> str:
    r"""Return `value` as a string literal that reads the same whatever the backslash means.

    >>> quote_literal("it's")
    "'it''s'"
    """
    doubled = value.replace("'", "''")
    return "E'" + doubled.replace("\\", "\\\\") + "'" if "\\" in value else f"'{doubled}'"


def block(body: str) -> str:
    """Return what has PostgreSQL run `body`, statements of PL/pgSQL: a literal, as a name in it may hold any $tag$.

    >>> block("perform f('x$$y');")
    "do 'begin perform f(''x$$y''); end'"
    """
    return f"do {quote_literal(f'begin {body} end')}"
