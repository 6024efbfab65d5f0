"""The COPY statement as Redshift reads it for parquet, ORC, CSV and JSON, strict.

In: SQL. Out: a CopyStatement, None for any other statement, or a RedshiftError. Pure.
Sources: https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html (which parameters work
with parquet), https://docs.aws.amazon.com/redshift/latest/dg/r_COPY.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.redshift.authorization import AUTHORIZATION_OPTIONS, Authorization, authorization
from local.redshift.copy_text import TEXT_OPTIONS, TextOptions, text_options
from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.masking import (
    IDENTIFIER,
    NAME,
    STRING,
    Masked,
    code_of,
    mask,
    unquote,
    unquote_identifier,
    without_comments,
)
from local.redshift.options import compile_options, read_options
from local.redshift.statement_secrets import told_word

_COPY = re.compile(
    rf"^copy\s+(?P<table>{NAME})\s*(?P<columns>\([^)]*\))?\s*from\s+(?P<source>{STRING})\s*(?P<options>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_OPTIONS = compile_options(
    (
        *AUTHORIZATION_OPTIONS,
        ("format", r"\s*(?:format\s+(?:as\s+)?)?(?P<value>parquet|orc|csv|json|avro|shapefile|fixedwidth)\b"),
        ("manifest", r"\s*manifest\b"),
        ("fill_record", r"\s*fillrecord\b"),
        ("accept_invalid", rf"\s*acceptinvchars\b(?:\s*(?:as\b\s*)?(?P<value>{STRING}))?"),
        ("statistics", r"\s*statupdate\b(?:\s+(?:on|off|true|false)\b)?"),
        ("serialize", r"\s*serializetojson\b"),
        ("explicit_ids", r"\s*explicit_ids\b"),
        # The default said aloud, as dlt 1.31 does in each COPY of parquet (dlt/destinations/impl/redshift/redshift.py).
        ("no_errors", r"\s*maxerror\s+(?:as\s+)?0\b"),
    )
)


_COPIES = re.compile(r"copy\b", re.IGNORECASE)
_TEXT = re.compile(r"\b(?:csv|json)\b", re.IGNORECASE)
_ORC = re.compile(r"\borc\b", re.IGNORECASE)


@dataclass(frozen=True)
class CopyStatement:
    """A COPY from S3 into `table` (as written, quotes included), of columnar files or, by `text`, CSV or JSON."""

    table: str
    source: str
    authorization: Authorization
    manifest: bool = False
    fill_record: bool = False
    serialize: bool = False
    replacement: str | None = None
    columns: tuple[str, ...] = ()
    text: TextOptions | None = None
    columnar: str = "parquet"

    @property
    def format(self) -> str:
        """The format of the files: parquet, orc, csv or json."""
        if self.text is None:
            return self.columnar
        return "csv" if self.text.json is None else "json"

    @property
    def bucket(self) -> str:
        """The source's bucket."""
        return self.source[len("s3://") :].partition("/")[0]

    @property
    def key(self) -> str:
        """The source's key or key prefix."""
        return self.source[len("s3://") :].partition("/")[2]


def parse_copy(sql: str) -> CopyStatement | None:
    """Read a COPY ... FROM 's3://...'; None if `sql` is no COPY.

    >>> copy = parse_copy("copy t from 's3://b/k' iam_role 'arn:aws:iam::000000000000:role/r' parquet manifest")
    >>> copy.table, copy.bucket, copy.key, copy.manifest
    ('t', 'b', 'k', True)

    Raises:
        RedshiftError: a parameter that COPY does not take with parquet, or a form not offered here.
    """
    if not _COPIES.match(code_of(sql)):
        return None
    masked = mask(sql)
    code = masked.with_physical_names(without_comments(masked.text).rstrip("; \n\t"))
    match = _COPY.match(code)
    if not match:
        raise RedshiftError("syntax error in COPY: expected COPY table FROM 's3://...' options", SYNTAX_ERROR)
    if _TEXT.search(match["options"]):
        return _text_copy(match, masked)
    kind = "ORC" if _ORC.search(match["options"]) else "PARQUET"
    found = read_options(match["options"], masked, _OPTIONS, lambda text: _unknown(text, kind))
    source = unquote(masked.restore(match["source"]))
    _refuse(source, found, bool(match["columns"]))
    return CopyStatement(
        table=masked.restore(match["table"]),
        source=source,
        authorization=authorization("COPY", found),
        manifest="manifest" in found,
        fill_record="fill_record" in found,
        serialize="serialize" in found,
        replacement=(found["accept_invalid"] or "?") if "accept_invalid" in found else None,
        columnar=found["format"] or "",
    )


def _text_copy(match: re.Match[str], masked: Masked) -> CopyStatement:
    found = read_options(match["options"], masked, TEXT_OPTIONS, lambda text: _unknown(text, "TEXT"))
    source = unquote(masked.restore(match["source"]))
    _refuse_source(source)
    names = re.findall(IDENTIFIER, match["columns"] or "")
    return CopyStatement(
        table=masked.restore(match["table"]),
        source=source,
        authorization=authorization("COPY", found),
        manifest="manifest" in found,
        columns=tuple(unquote_identifier(masked.restore(name)) for name in names),
        text=text_options(found),
    )


def _unknown(text: str, kind: str) -> RedshiftError:
    return RedshiftError(f"{told_word(text).upper()} argument is not supported for {kind} based COPY")


def _refuse_source(source: str) -> None:
    if not source.startswith("s3://"):
        raise RedshiftError(f"invalid COPY source '{source}': the local Redshift reads s3:// only")


def _refuse(source: str, found: dict[str, str | None], has_columns: bool) -> None:
    _refuse_source(source)
    form = found.get("format")
    if form not in ("parquet", "orc"):
        raise RedshiftError("the local Redshift copies FORMAT AS PARQUET, ORC, CSV and JSON only")
    if has_columns:
        raise RedshiftError(
            f"COPY of {form} with a column list is not specified by Redshift: copy into a table of the file's shape"
        )
    if "explicit_ids" in found:
        raise RedshiftError("EXPLICIT_IDS is not offered by the local Redshift")
