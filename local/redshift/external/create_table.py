"""CREATE EXTERNAL TABLE as Redshift reads it, strict. Pure.

In: a statement, masked. Out: a command, or a RedshiftError.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html
"""

from __future__ import annotations

import re
from typing import NamedTuple

from local.redshift.brackets import closing, split_commas
from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.external.command import CreateTable
from local.redshift.external.hive_types import hive_type
from local.redshift.external.text_form import is_delimiter
from local.redshift.masking import IDENTIFIER, NAME, STRING, Masked, unquote, unquote_identifier
from local.redshift.names import physical

PAGE = "https://docs.aws.amazon.com/redshift/latest/dg/"
_TABLE = re.compile(rf"create\s+external\s+table\s+(?P<name>{NAME})\s*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_PROPERTIES = rf"\(\s*(?P<value>{STRING}\s*=\s*{STRING}(?:\s*,\s*{STRING}\s*=\s*{STRING})*)\s*\)"
_TABLE_CLAUSES = (
    ("partitions", re.compile(r"partitioned\s+by\s*(?=\()", re.I)),
    ("delimited", re.compile(r"row\s+format\s+delimited\b", re.I)),
    ("fields", re.compile(rf"fields\s+terminated\s+by\s+(?P<value>{STRING})", re.I)),
    ("lines", re.compile(rf"lines\s+terminated\s+by\s+(?P<value>{STRING})", re.I)),
    ("form", re.compile(r"stored\s+as\s+(?P<value>\w+)", re.I)),
    ("location", re.compile(rf"location\s+(?P<value>{STRING})", re.I)),
    ("properties", re.compile(rf"table\s+properties\s*{_PROPERTIES}", re.I)),
)


def names(text: str, masked: Masked) -> list[str]:
    """Return the parts of a masked name."""
    return [unquote_identifier(masked.restore(part)) for part in re.findall(IDENTIFIER, text)]


class Named(NamedTuple):
    """A table's name: the schema as PostgreSQL calls it, the last part, and the database; '' for what is not named."""

    schema: str
    table: str
    within: str


def of_schema(text: str, masked: Masked) -> Named:
    """Return what a masked name names."""
    *before, last = names(text, masked)
    return Named(physical(before[-1]) if before else "", last, before[0] if len(before) > 1 else "")


def create_table(code: str, masked: Masked) -> CreateTable:
    """Read a CREATE EXTERNAL TABLE.

    Raises:
        RedshiftError: a syntax error, or what is not offered here.
    """
    match = _TABLE.fullmatch(code)
    if not match:
        raise RedshiftError("syntax error in CREATE EXTERNAL TABLE", SYNTAX_ERROR)
    schema, table, within = of_schema(match["name"], masked)
    if not schema:
        raise RedshiftError("external tables must be created in an external schema: name it before the table")
    rest = match["rest"]
    if not rest.startswith("("):
        raise RedshiftError(
            f"CREATE EXTERNAL TABLE AS is not offered by the local Redshift ({PAGE}r_CREATE_EXTERNAL_TABLE.html)"
        )
    end = closing(rest, 0)
    columns = _defined(rest[1:end], masked)
    found = _clauses(rest[end + 1 :], masked)
    keys = _defined(found["partitions"], masked) if "partitions" in found else ()
    defined = [name for name, _ in (*columns, *keys)]
    for name in defined:
        if defined.count(name) > 1 or name.startswith("$"):
            raise RedshiftError(f'column "{name}" duplicated, or a pseudo column\'s name', "42701")
    form = found.get("form", "").lower()
    if form not in ("parquet", "orc", "textfile"):
        raise RedshiftError(
            f"STORED AS {form.upper() or '(nothing)'} is not offered by the local Redshift: PARQUET, ORC, TEXTFILE are"
        )
    if not found.get("location", "").startswith("s3://"):
        raise RedshiftError("CREATE EXTERNAL TABLE needs LOCATION 's3://bucket/folder/'", SYNTAX_ERROR)
    if found.get("lines", "\n") != "\n" or not is_delimiter(found.get("fields", ",")):
        raise RedshiftError(
            "FIELDS TERMINATED BY takes one character of ASCII that is no digit here, LINES TERMINATED BY '\\n' alone"
        )
    return CreateTable(
        schema, "CREATE EXTERNAL TABLE", table, columns, keys, form, found["location"], found.get("fields"),
        _properties(found.get("properties", ""), masked), within=within,
    )  # fmt: skip


def _clauses(text: str, masked: Masked) -> dict[str, str]:
    found: dict[str, str] = {}
    while text := text.strip():
        for name, pattern in _TABLE_CLAUSES:
            if (match := pattern.match(text)) and name not in found:
                value = match.groupdict().get("value") or ""
                text = text[match.end() :]
                if name == "partitions":
                    end = closing(text, 0)
                    value, text = text[1:end], text[end + 1 :]
                restored = masked.restore(value)
                found[name] = (
                    value if name in ("partitions", "properties") else unquote(restored) if "'" in restored else value
                )
                break
        else:
            word = masked.restore(" ".join(text.split()[:3])).upper()
            raise RedshiftError(f"CREATE EXTERNAL TABLE ... {word} is not offered by the local Redshift")
    return found


def _defined(text: str, masked: Masked) -> tuple[tuple[str, str], ...]:
    found = []
    for item in split_commas(text):
        match = re.match(rf"\s*({IDENTIFIER})\s+(.+)", item, re.DOTALL)
        if not match:
            raise RedshiftError(f'syntax error at or near "{masked.restore(item.strip())}"', SYNTAX_ERROR)
        found.append((names(match[1], masked)[0], hive_type(masked.restore(match[2]))))
    return tuple(found)


def _properties(text: str, masked: Masked) -> dict[str, str]:
    texts = [unquote(masked.restore(literal)) for literal in re.findall(STRING, text)]
    return dict(zip(texts[::2], texts[1::2], strict=True))
