"""What CREATE and ALTER of tables and materialized views say of storage and of keys: kept beside them for the catalog.

In: a statement, masked, as the client sent it. Out: a comment for the end of PostgreSQL's statement, from which an
event trigger (prelude/41_storage.sql) keeps it in the same transaction; '' where nothing is said. Pure.
Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html, r_ALTER_TABLE.html
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from local.redshift.brackets import closing, split_commas
from local.redshift.ddl import ALTER_MATERIALIZED_VIEW, ALTER_TABLE, CREATE_TABLE, MATERIALIZED_VIEW, TABLE_KEY
from local.redshift.masking import IDENTIFIER, NAME, Masked, unquote_identifier

_DISTSTYLE = re.compile(r"\bdiststyle\s+(auto|even|key|all)\b", re.IGNORECASE)
_DISTKEY = re.compile(rf"\bdistkey\s*(?:\(\s*(?P<place>\d+)|\(?\s*(?P<column>{IDENTIFIER}))", re.IGNORECASE)
_SORTKEY = re.compile(
    r"\b(?:(?P<style>compound|interleaved)\s+)?sortkey\s*(?:\((?P<columns>[^)]*)\)|(?P<word>auto|none)\b)",
    re.IGNORECASE,
)
_IDENTITY = re.compile(r"\bidentity\s*\(", re.IGNORECASE)
_NOT_NULL = re.compile(r"\bnot\s+null\b", re.IGNORECASE)
_ENCODE = re.compile(r"\bencode\s+(\w+)", re.IGNORECASE)
_AUTO_REFRESH = re.compile(r"\bauto\s+refresh\s+(yes|no)\b", re.IGNORECASE)
_COLUMN_NAME = re.compile(rf"^(?:(?:add|alter)\s+(?:column\s+)?)?(?P<name>{IDENTIFIER})(?=\s)", re.IGNORECASE)
_COLUMN_KEY = re.compile(rf"\b(primary\s+key|unique|references\s+{NAME}\s*(?:\([^)]*\))?)", re.IGNORECASE)
_FOREIGN_KEY = re.compile(
    rf"^(?:constraint\s+(?P<name>{IDENTIFIER})\s+)?foreign\s+key\s*\((?P<columns>[^)]*)\)\s*"
    rf"references\s+(?P<table>{NAME})\s*(?:\((?P<referred>[^)]*)\))?",
    re.IGNORECASE,
)
_LIKE = re.compile(rf"^like\s+(?P<name>{NAME})", re.IGNORECASE)


def storage_comment(code: str, masked: Masked, source: dict[str, Any] | None = None) -> str:
    """Return the comment, '' for a statement that says nothing of storage.

    Args:
        code: the masked statement without comments.
        masked: holds the pieces behind `code`'s placeholders.
        source: the table of whose rows a table is made (sql/simple_source.py).
    """
    if match := CREATE_TABLE.match(code):
        found = _created(code[match.end() :], masked) | ({"inherits": source} if source else {})
    elif match := ALTER_TABLE.match(code):
        found = _altered(match["action"], masked)
    elif match := MATERIALIZED_VIEW.match(code) or ALTER_MATERIALIZED_VIEW.match(code):
        found = {}
        _read_attributes(match["attributes"], masked, found)
        if refresh := _AUTO_REFRESH.search(match["attributes"]):
            found["auto_refresh"] = refresh[1].lower() == "yes"
    else:
        return ""
    if not found:
        return ""
    note = json.dumps({"name": masked.restore(re.sub(r"\s", "", match["name"])), **found})
    return f" /*redshift:{base64.b64encode(note.encode()).decode()}*/"


def _created(rest: str, masked: Masked) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if rest.lstrip().startswith("("):
        opening = rest.index("(")
        end = closing(rest, opening)
        _read_items(split_commas(rest[opening + 1 : end]), masked, found)
        rest = rest[end + 1 :]
    query = re.search(r"\bas\b", rest, re.IGNORECASE)
    _read_attributes(rest[: query.start()] if query else rest, masked, found)
    return found


def _read_items(items: list[str], masked: Masked, found: dict[str, Any]) -> None:
    """Read the columns and keys of a table."""
    for item in items:
        if TABLE_KEY.match(item):
            _read_key(item, masked, found)
        elif like := _LIKE.match(item):
            found["like"] = masked.restore(re.sub(r"\s", "", like["name"]))
        else:
            _read_column(item, masked, found)


def _read_column(item: str, masked: Masked, found: dict[str, Any]) -> None:
    if not (match := _COLUMN_NAME.match(item)):
        return
    name, rest = unquote_identifier(masked.restore(match["name"])), item[match.end() :]
    if encoding := _ENCODE.search(rest):
        found.setdefault("encodings", {})[name] = encoding[1].lower()
    if _IDENTITY.search(rest) and _NOT_NULL.search(rest):
        found.setdefault("required", []).append(name)
    if re.search(r"\bdistkey\b", rest, re.IGNORECASE):
        found |= {"diststyle": "KEY", "distkey": name}
    if re.search(r"\bsortkey\b", rest, re.IGNORECASE):
        found |= {"sortstyle": "COMPOUND", "sortkey": [name]}
    for key in _COLUMN_KEY.findall(rest):
        if key.lower().startswith("references"):
            _read_key(f"foreign key ({match['name']}) {key}", masked, found)
        else:
            found.setdefault("keys", []).append(f"{' '.join(key.split())} ({masked.restore(match['name'])})")


def _read_key(item: str, masked: Masked, found: dict[str, Any]) -> None:
    """Read a key of a table: as it is told, and of a foreign one what it names."""
    found.setdefault("keys", []).append(masked.restore(item))
    if key := _FOREIGN_KEY.match(item):
        named = {"table": masked.restore(re.sub(r"\s", "", key["table"])), "columns": _listed(key["columns"], masked)}
        named |= {"name": unquote_identifier(masked.restore(key["name"]))} if key["name"] else {}
        named |= {"referred": _listed(key["referred"], masked)} if key["referred"] else {}
        found.setdefault("foreign_keys", []).append(named)


def _listed(columns: str, masked: Masked) -> list[str]:
    return [unquote_identifier(masked.restore(column.strip())) for column in split_commas(columns)]


def _read_attributes(text: str, masked: Masked, found: dict[str, Any]) -> None:
    """Read what stands behind a table's columns, or what ALTER TABLE changes of it."""
    if style := _DISTSTYLE.search(text):
        found["diststyle"] = style[1].upper()
    if key := _DISTKEY.search(text):
        found |= {"diststyle": "KEY", "distkey": key["place"] or unquote_identifier(masked.restore(key["column"]))}
    if sort := _SORTKEY.search(text):
        columns = split_commas(sort["columns"]) if sort["columns"] is not None else []
        found["sortkey"] = [unquote_identifier(masked.restore(column)) for column in columns]
        found["sortstyle"] = (sort["word"] or sort["style"] or "compound").upper()
    if re.search(r"\bencode\s+auto\b", text, re.IGNORECASE):
        found["encode_auto"] = True


def _altered(action: str, masked: Masked) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if TABLE_KEY.match(added := re.sub(r"^add\s+", "", action, flags=re.IGNORECASE)):
        _read_key(added, masked, found)
    elif re.match(r"add\b", action, re.IGNORECASE):
        _read_column(action, masked, found)
    elif re.match(r"alter\s+column\s+\S+\s+encode\b", action, re.IGNORECASE):
        for part in split_commas(action):
            _read_column(part, masked, found)
        found["alters"] = True
    else:
        _read_attributes(action, masked, found)
        found |= {"alters": True} if found else {}
    return found
