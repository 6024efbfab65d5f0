"""Rows of an UNLOAD as lines of text: delimited, CSV or JSON. Pure.

In: columns, and values as PostgreSQL spells them. Out: lines of UTF-8 with their ends. Where the documentation does not
say how a value is written, it is refused by name.
Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html, unload-super-csv.html
"""

from __future__ import annotations

import bz2
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from local.redshift.errors import RedshiftError
from local.redshift.messages import OID_JSON, OID_TEXT, OID_UNKNOWN, OID_VARCHAR
from local.redshift.unload_column import BOOLEAN, BPCHAR, NUMERIC, TIMESTAMPTZ, UnloadColumn
from local.redshift.unload_statement import TextLayout, UnloadStatement

SUFFIXES = {"gzip": ".gz", "bzip2": ".bz2", "zstd": ".zst"}
_CHARACTERS = frozenset({BPCHAR, OID_VARCHAR, OID_TEXT, OID_UNKNOWN})
_NUMBERS = frozenset({20, 21, 23, 700, 701, NUMERIC})
_WRITTEN = _CHARACTERS | _NUMBERS | {BOOLEAN, TIMESTAMPTZ, OID_JSON, 1082, 1114}  # with DATE and TIMESTAMP
_CSV_QUOTED = re.compile(r'["\r\n]')


def header(unload: UnloadStatement, columns: Sequence[UnloadColumn]) -> bytes:
    """Return the line of names that each file begins with, nothing without HEADER."""
    if not unload.layout.header:
        return b""
    names = [_quoted(column.name, unload.format, unload.layout, True) for column in columns]
    return (unload.layout.delimiter.join(names) + "\n").encode()


def lines(
    unload: UnloadStatement, columns: Sequence[UnloadColumn], rows: Iterable[Sequence[str | None]]
) -> Iterator[bytes]:
    """Yield a line a row.

    Raises:
        RedshiftError: a column, or a value, that UNLOAD does not write so, or not here.
    """
    names = [column.name for column in columns]
    for column in columns:
        if column.oid not in _WRITTEN:
            raise RedshiftError(f'UNLOAD to text does not support the type of column "{column.name}" here')
        if unload.format == "json" and names.count(column.name) > 1:
            raise RedshiftError(f'UNLOAD to JSON needs names that differ: "{column.name}" stands twice', "42701")
    if unload.layout.widths and len(unload.layout.widths) != len(columns):
        raise RedshiftError(
            f"UNLOAD: FIXEDWIDTH names {len(unload.layout.widths)} columns, the query has {len(columns)}", "42601"
        )
    for row in rows:
        pairs = zip(columns, row, strict=True)
        if unload.format == "json":
            members = (f"{json.dumps(c.name, ensure_ascii=False)}:{_as_json(c, value)}" for c, value in pairs)
            yield ("{" + ",".join(members) + "}\n").encode()
        elif unload.layout.widths:
            padded = (_padded(c, v, w, unload.layout) for (c, v), w in zip(pairs, unload.layout.widths, strict=True))
            yield ("".join(padded) + "\n").encode()
        else:
            fields = (_field(column, value, unload.format, unload.layout) for column, value in pairs)
            yield (unload.layout.delimiter.join(fields) + "\n").encode()


def compressed(body: bytes, compression: str) -> bytes:
    """Return a file's bytes as its suffix says.

    >>> compressed(b"a", ""), gzip.decompress(compressed(b"a", "gzip"))
    (b'a', b'a')
    """
    match compression:
        case "gzip":
            return gzip.compress(body)
        case "bzip2":
            return bz2.compress(body)
        case "zstd":
            sink = pa.BufferOutputStream()
            with pa.CompressedOutputStream(sink, "zstd") as stream:
                stream.write(body)
            return bytes(sink.getvalue())
    return body


def _field(column: UnloadColumn, value: str | None, format_: str, layout: TextLayout) -> str:
    if column.oid == OID_JSON:  # whatever NULL AS says
        text = "null" if value is None else value
    elif value is None:
        if layout.add_quotes:
            raise RedshiftError("UNLOAD: how ADDQUOTES writes a NULL is not documented, and not offered here")
        return layout.null
    else:
        text = value
    return _quoted(text, format_, layout, column.oid in _CHARACTERS)


def _padded(column: UnloadColumn, value: str | None, width: int, layout: TextLayout) -> str:
    """Return a field of a fixed width, in characters; what is longer is never cut.

    Source: https://docs.aws.amazon.com/redshift/latest/dg/t_unloading_fixed_width_data.html, r_UNLOAD.html (NULL AS)

    >>> column = UnloadColumn("a", 23, -1)
    >>> _padded(column, "12", 4, TextLayout()), _padded(column, None, 2, TextLayout())
    ('12  ', '  ')
    """
    text = _field(column, value, "text", layout)
    if value is None and len(text) > width and column.oid not in _CHARACTERS:
        text = ""
    if len(text) > width:
        raise RedshiftError(
            f'UNLOAD: a value of column "{column.name}" has {len(text)} characters, FIXEDWIDTH gives it {width}',
            "22001",
        )
    return text.ljust(width)


def _quoted(text: str, format_: str, layout: TextLayout, is_text: bool) -> str:
    r"""Quote or escape a field.

    >>> print(_quoted('a "b", c', "csv", TextLayout(","), True), _quoted("a|b", "text", TextLayout(escape=True), True))
    "a ""b"", c" a\|b
    >>> print(_quoted("a'b", "text", TextLayout(add_quotes=True, escape=True), True))
    "a\'b"
    """
    if format_ == "csv":
        if layout.delimiter in text or _CSV_QUOTED.search(text):
            doubled = text.replace('"', '""')
            return f'"{doubled}"'
        return text
    if layout.escape and is_text:
        quotes = "\"'" if layout.add_quotes else ""
        text = re.sub(f"[{re.escape(f'{layout.delimiter}{quotes}')}\n\r\\\\]", lambda match: "\\" + match[0], text)
    return f'"{text}"' if layout.add_quotes else text


def _as_json(column: UnloadColumn, value: str | None) -> str:
    """Spell a member's value: NULL is null, a BOOLEAN is t or f, a SUPER is what it holds.

    >>> _as_json(UnloadColumn("a", 1700, -1), "1.50"), _as_json(UnloadColumn("a", 16, -1), "t")
    ('1.50', '"t"')
    """
    if value is None:
        return "null"
    if column.oid == OID_JSON:
        return value
    if column.oid in _NUMBERS:
        if not re.fullmatch(r"-?[\d.]+(?:e[+-]?\d+)?", value):
            raise RedshiftError(f'UNLOAD to JSON: {value} of column "{column.name}" is no number of JSON', "22P02")
        return value
    return json.dumps(value, ensure_ascii=False)
