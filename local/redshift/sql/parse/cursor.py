"""A cursor over the tokens of a statement: what the grammar asks of it, and names. Pure."""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.tokens import QUOTED, WORD, Token, syntax_error, tokenize
from local.redshift.sql.words import CATALOG_COLUMNS, CLAUSES, RESERVED


class Cursor:
    """A place among tokens."""

    def __init__(self, sql: str) -> None:
        self.tokens = tokenize(sql)
        self.position = 0
        self.named: set[tree.Name] = set()  # relations
        self.target: tree.Name = ()  # the relation whose rows change
        self.called: set[tree.Name] = set()  # functions

    @property
    def token(self) -> Token:
        """Return the token at the cursor."""
        return self.tokens[self.position]

    def ahead(self, *keys: str) -> bool:
        """Tell whether the next tokens are these words or operators."""
        return all(self.tokens[place].key == key for place, key in enumerate(keys, self.position))

    def take(self, *keys: str) -> bool:
        """Pass these words if they come next."""
        here, tokens = self.position, self.tokens
        for key in keys:
            if tokens[here].key != key:
                return False
            here += 1
        self.position = here
        return True

    def take_one(self, keys: frozenset[str] | tuple[str, ...]) -> str:
        """Pass one of these words; return it, '' if none comes next."""
        key = self.token.key
        if key and key in keys:
            self.position += 1
            return key
        return ""

    def need(self, *keys: str) -> None:
        """Pass these words.

        Raises:
            RedshiftError: others come next.
        """
        for key in keys:
            if not self.take(key):
                raise self.error()

    def aim(self, name: tree.Name) -> None:
        """Note the relation whose rows the statement changes."""
        self.target = name
        self.named.add(name)

    def error(self) -> RedshiftError:
        """Return the error of what stands at the cursor."""
        return syntax_error(self.token.text)

    # --- names ---

    def name(self) -> str:
        """Pass an identifier: quoted, or a word that is not reserved."""
        token = self.token
        if token.kind == QUOTED or (token.kind == WORD and (token.key not in RESERVED or token.key in CATALOG_COLUMNS)):
            self.position += 1
            return token.name
        raise self.error()

    def label(self) -> str:
        """Pass what may follow AS or a dot: any word."""
        token = self.token
        if token.kind not in (QUOTED, WORD):
            raise self.error()
        self.position += 1
        return token.name

    def full_name(self) -> tree.Name:
        """Pass a name of up to three parts."""
        parts = [self.name()]
        while len(parts) < 3 and self.take("."):
            parts.append(self.label())
        return tuple(parts)

    def path(self) -> tree.Name:
        """Pass a name of any number of parts."""
        parts = [self.name()]
        while self.take("."):
            parts.append(self.label())
        return tuple(parts)

    def bare_alias(self) -> str:
        """Pass an alias without AS, if one comes next."""
        token = self.token
        if token.kind == QUOTED or (token.kind == WORD and token.key not in RESERVED and token.key not in CLAUSES):
            self.position += 1
            return token.name
        return ""

    def names(self) -> list[str]:
        """Pass `(name, ...)` if it comes next."""
        if not self.take("("):
            return []
        names = [self.name()]
        while self.take(","):
            names.append(self.name())
        self.need(")")
        return names
