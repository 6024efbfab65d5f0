"""The notation in which Redshift's documentation writes a command, read into patterns over tokens. Pure.

In: a line such as `LOCK [ TABLE ] name [, ...]`. Out: a Pattern, which tells where tokens of a statement may end that
fit it, and how far they fit. Words in upper case stand for themselves, others for a kind of token (TERMINALS) or for
another pattern; `[ ]` may be left out, `{ | }` chooses, `[, ...]` and `[ ... ]` repeat what stands before them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from local.redshift.grammar.tokens import END, Token
from local.redshift.sql.words import CATALOG_COLUMNS, RESERVED

_SYMBOLS = re.compile(r"\[,\s*\.\.\.\]|\[\s*\.\.\.\s*\]|[A-Za-z_][\w:]*|\d+|'[^']+'|[\[\]{}|(),.=*:]")
_COMMA, _AGAIN = "[,...]", "[...]"
_ENDS_EXPRESSION = RESERVED & {"encode", "not", "null", "unique", "primary", "references", "identity", "collate"} | {
    "distkey",
    "sortkey",
    "generated",
}


def _is_identifier(token: Token) -> bool:
    return token.kind == "identifier" or (
        token.kind == "word" and (token.key not in RESERVED or token.key in CATALOG_COLUMNS)
    )


def _one(accepts: Callable[[Token], bool]) -> Callable[[list[Token], int], int]:
    return lambda tokens, place: place + 1 if accepts(tokens[place]) else place


def _number(tokens: list[Token], place: int) -> int:
    at = place + 1 if tokens[place].key in ("-", "+") else place
    return at + 1 if tokens[at].kind == "number" else place


def expression_end(tokens: list[Token], place: int) -> int:
    """Pass what may be a value: up to a comma, a bracket that it did not open, or a word that ends it.

    In brackets, and between CASE and END, such a word is the value's own.
    """
    depth, at = 0, place
    while tokens[at].kind != END:
        key = tokens[at].key
        if depth == 0 and (key in (",", ")") or (at > place and key in _ENDS_EXPRESSION)):
            break
        depth = max(0, depth + (key in ("(", "case")) - (key in (")", "end")))
        at += 1
    return at


def _rest(tokens: list[Token], place: int) -> int:
    return len(tokens) - 1


TERMINALS: dict[str, Callable[[list[Token], int], int]] = {
    "identifier": _one(_is_identifier),
    "word": _one(lambda token: token.kind in ("identifier", "word")),
    "string": _one(lambda token: token.kind == "string"),
    "query": _one(lambda token: token.kind == "string"),  # its place is held by a piece that is masked
    "integer": _one(lambda token: token.kind == "number" and token.key.isdigit()),
    "number": _number,
    "expression": expression_end,
    "rest": _rest,
}
"""Kinds of tokens: each passes what it accepts, and returns the place behind it, or the same place."""


@dataclass
class Match:
    """The tokens of a statement, and the farthest place at which one did not fit."""

    tokens: list[Token]
    farthest: int = 0

    def fail(self, place: int) -> None:
        """Note that the token at a place fits nothing that could come there."""
        self.farthest = max(self.farthest, place)


@dataclass
class Pattern:
    """A part of a command: `ends` yields each place at which tokens may end that fit it from a place on."""

    def ends(self, match: Match, place: int) -> Iterator[int]:
        """Yield the places."""
        raise NotImplementedError


@dataclass
class Keyword(Pattern):
    """A word or a sign that stands for itself."""

    key: str

    def ends(self, match: Match, place: int) -> Iterator[int]:
        if match.tokens[place].key == self.key:
            yield place + 1
        else:
            match.fail(place)


@dataclass
class Terminal(Pattern):
    """A kind of token."""

    passes: Callable[[list[Token], int], int]

    def ends(self, match: Match, place: int) -> Iterator[int]:
        end = self.passes(match.tokens, place)
        if end > place:
            yield end
        else:
            match.fail(place)


@dataclass
class Reference(Pattern):
    """A pattern by its name."""

    name: str
    patterns: dict[str, Pattern]

    def ends(self, match: Match, place: int) -> Iterator[int]:
        yield from self.patterns[self.name].ends(match, place)


@dataclass
class Sequence(Pattern):
    """One part after the other."""

    parts: list[Pattern] = field(default_factory=list)

    def ends(self, match: Match, place: int) -> Iterator[int]:
        yield from self._from(0, match, place)

    def _from(self, number: int, match: Match, place: int) -> Iterator[int]:
        if number == len(self.parts):
            yield place
            return
        for end in self.parts[number].ends(match, place):
            yield from self._from(number + 1, match, end)


@dataclass
class Choice(Pattern):
    """One of several; `is_optional`: or nothing."""

    options: list[Pattern]
    is_optional: bool = False

    def ends(self, match: Match, place: int) -> Iterator[int]:
        for option in self.options:
            yield from option.ends(match, place)
        if self.is_optional:
            yield place


@dataclass
class Repeated(Pattern):
    """A part once or more, as long and as often as it fits: no command goes on with what such a list could end on."""

    part: Pattern
    separator: str

    def ends(self, match: Match, place: int) -> Iterator[int]:
        end = max(self.part.ends(match, place), default=None)
        while end is not None:
            reached = end
            if not self.separator:
                end = max(self.part.ends(match, reached), default=None)
            elif match.tokens[reached].key == self.separator:
                end = max(self.part.ends(match, reached + 1), default=None)
            else:
                match.fail(reached)
                end = None
            if end is None:
                yield reached


def read(text: str, patterns: dict[str, Pattern]) -> Pattern:
    """Return the pattern that a text writes; `patterns` are those that it may name, now or later.

    >>> from local.redshift.grammar.tokens import tokens_of
    >>> from local.redshift.masking import mask
    >>> lock = read("LOCK [ TABLE ] identifier [, ...]", {})
    >>> [list(lock.ends(Match(tokens_of(mask(sql))), 0)) for sql in ("lock a, b", "lock table a nowait", "lock")]
    [[4], [3], []]
    """
    symbols = ["".join(symbol.split()) for symbol in _SYMBOLS.findall(text)]
    pattern, place = _read_choice(symbols, 0, patterns)
    if place != len(symbols):
        raise ValueError(f"{text}: nothing opens {symbols[place]}")
    return pattern


def _read_choice(symbols: list[str], place: int, patterns: dict[str, Pattern]) -> tuple[Pattern, int]:
    options = [Sequence()]
    while place < len(symbols) and symbols[place] not in ("]", "}"):
        symbol, parts = symbols[place], options[-1].parts
        place += 1
        if symbol == "|":
            options.append(Sequence())
        elif symbol in (_COMMA, _AGAIN):
            parts[-1] = Repeated(parts[-1], "," if symbol == _COMMA else "")
        elif symbol in ("[", "{"):
            inner, place = _read_choice(symbols, place, patterns)
            place += 1
            parts.append(Choice([inner], is_optional=True) if symbol == "[" else inner)
        else:
            parts.append(_read_symbol(symbol, patterns))
    return (options[0] if len(options) == 1 else Choice(list(options))), place


def _read_symbol(symbol: str, patterns: dict[str, Pattern]) -> Pattern:
    if symbol.islower():
        return Terminal(TERMINALS[symbol]) if symbol in TERMINALS else Reference(symbol, patterns)
    return Keyword(symbol.strip("'").lower())
