"""GATE: what is told of an error of a sensitive dataset, whose words may quote values. In: its words. Out: its kind.

Errors of one kind are told once, and one of another kind is news (alerts.py), although the words of neither are told.
"""

from __future__ import annotations

import hashlib
import json
import re

WITHHELD = "withheld, since a database may quote values of a sensitive dataset; the transform function's log has it"

_WORD = re.compile(r"[a-z_]\w*")
_NOT_NAMES = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)  # of SQL: literals and comments
_CODE = re.compile(r"^\s*code:\s*(\d+)", re.MULTILINE)  # of Redshift's own errors
_HEAD = 2  # lines: dbt's, which names the node, and the first of the database's
_ERROR = re.compile(r"^\s*error:")
_MAY_BE_A_VALUE = re.compile(r"[^a-z_ ,-]")  # a quote, a digit, a bracket, a colon: what comes behind is left out
_LETTERS = str.maketrans("0123456789", "ghijklmnop")  # alerts take no account of digits, which errors are full of


def withheld(words: str, sql: str) -> str:
    """Say instead of an error's words that they are withheld, and its kind. `sql`: what was sent.

    >>> withheld("division by zero", "").startswith(WITHHELD)
    True
    """
    return f"{WITHHELD} (of kind {kind_of(words, sql)})"


def kind_of(words: str, sql: str) -> str:
    """Digest what of an error's words can be no value: how it begins, its code, and names that the SQL has too.

    What comes further down may go on with a value that has several lines.

    >>> sql = "select cast(age as integer) from staging where born > 'Smith'"
    >>> same = [kind_of(f"Invalid digit, Value '{value}', Pos 0, Type: Integer", sql) for value in ("O", "Smith")]
    >>> others = [kind_of(f'column "{name}" does not exist', sql) for name in ("age", "born")]
    >>> len({*same, *others}), len(same[0])
    (3, 8)
    """
    text = words.lower()
    names = set(_WORD.findall(_NOT_NAMES.sub(" ", sql.lower())))
    known = sorted(names & set(_WORD.findall(text)))
    first = [line for line in text.splitlines() if _WORD.search(line)][:_HEAD]
    begun = [_MAY_BE_A_VALUE.split(_ERROR.sub("", line).strip(), maxsplit=1)[0] for line in first]
    facts = json.dumps([begun, known, _CODE.findall(text)[:1]])
    return hashlib.sha256(facts.encode()).hexdigest()[:8].translate(_LETTERS)
