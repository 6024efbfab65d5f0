"""Statements as logs and system views tell them: without the passwords and the access keys that stand in them.

In: SQL, well formed or not. Out: the same with '***' in place of what may be one. A statement that names an option that
takes one has all its strings hidden, but for addresses, ARNs and UNLOAD's query: which string is whose is no matter of
patterns. PostgreSQL, Redshift and the front do not agree where each comment and string ends; where they may differ, the
statement is told up to the option. Pure.
"""

from __future__ import annotations

import re

from local.redshift.masking import HOLDER, STRING, mask, without_comments
from local.redshift.remembering import remembered

_OPTION = r"(?<![^\W\d])(?:password|credentials|access_key_id|secret_access_key|session_token)(?!\w)"
_NAMES_SECRET = re.compile(_OPTION, re.IGNORECASE)
_BULK = re.compile(r"\b(?:copy|unload)\b", re.IGNORECASE)
_GAP = "(?:[\\s=]|\x03\\d+\x04)"
# Keys whose quotes were forgotten: a word behind its option, or a longer one than any option.
_BARE = re.compile(
    rf"(?P<option>{_OPTION}{_GAP}+(?:as\b{_GAP}+)?)(?!(?:from|as)\b)[\w/+][^\s\x01-\x04]*|[\w/+]{{25,}}", re.IGNORECASE
)
_TOLD = re.compile(r"'(?:s3://[^']*|arn:aws[\w-]*:[\w:/+=,.@*-]+)'")
_UNLOADED = re.compile(r"\bunload\s*\($", re.IGNORECASE)
_UNSURE = re.compile(r"['\"]|/\*|\*/|\$\w*\$")
_WORD = re.compile(r"[a-z_]\w{0,23}", re.IGNORECASE)  # no option is longer, and a secret key has 40 characters
HIDDEN = "'***'"


@remembered(most=1000)
def without_secrets(sql: str) -> str:
    """Return a statement without passwords and keys.

    >>> without_secrets("alter user u password /* c */ $$Secret12$$")
    "alter user u password /* c */ '***'"
    >>> without_secrets("copy t from 's3://b' ACCESS_KEY_ID'A' secret_access_key as 'B' 'C' parquet")
    "copy t from 's3://b' ACCESS_KEY_ID'***' secret_access_key as '***' '***' parquet"
    >>> without_secrets("copy t from 's3://b' credentials /* a /* b */ c */ 'aws_access_key_id=A'")
    "copy t from 's3://b' credentials '***'"
    """
    first = _NAMES_SECRET.search(sql)
    if not first:
        return sql
    if re.search("[\x01-\x04]", sql):  # what masks would be taken for the statement's own
        return f"{sql[: first.end()]} {HIDDEN}"
    masked = mask(sql)
    pieces = masked.pieces
    if _UNSURE.search(masked.text) or any(map(_may_end_elsewhere, pieces)):
        return f"{sql[: first.end()]} {HIDDEN}"
    option = _NAMES_SECRET.search(masked.text)

    def told(holder: re.Match[str]) -> str:
        piece = pieces[int(holder[1])]
        if piece.startswith(("--", "/*")):
            hidden = "-- ***" if piece.startswith("--") else "/* *** */"
            return hidden if _NAMES_SECRET.search(piece) else piece
        if not option or _TOLD.fullmatch(piece):
            return piece
        if piece.startswith('"'):
            return piece if holder.start() < option.start() else '"***"'
        return piece if _UNLOADED.search(without_comments(masked.text[: holder.start()])) else HIDDEN

    text = masked.text
    if option and _BULK.search(text):
        text = text[: option.start()] + _BARE.sub(rf"\g<option>{HIDDEN}", text[option.start() :])
    return HOLDER.sub(told, text)


def told_word(text: str) -> str:
    r"""Return the first word of masked text, of which an error may tell, with '***' for what may be a part of a key.

    >>> told_word("secret_access_key\x011\x04 parquet"), told_word("\x011\x04"), told_word("abc/de+f"), told_word("(a)")
    ("secret_access_key'***'", "'***'", "'***'", '(a)')
    """
    word = re.sub(rf"{STRING}|{HOLDER.pattern}", HIDDEN, text.split()[0])
    bare = re.fullmatch(r"\W*(.*?)\W*", word.replace(HIDDEN, ""))
    return word if bare and (not bare[1] or _WORD.fullmatch(bare[1])) else HIDDEN


def _may_end_elsewhere(piece: str) -> bool:
    """Tell whether others end a comment elsewhere, as theirs nest or end with a line's \\r, or a string at its \\'."""
    if piece.startswith("--"):
        return "\r" in piece.rstrip("\r")
    return "/*" in piece[2:] if piece.startswith("/*") else "\\'" in piece
