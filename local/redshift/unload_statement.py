"""The UNLOAD statement as Redshift reads it, strict.

In: SQL. Out: an UnloadStatement, None for any other statement, or a RedshiftError. Pure.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from local.redshift.authorization import AUTHORIZATION_OPTIONS, Authorization, authorization
from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.masking import IDENTIFIER, STRING, code_of, mask, unquote, unquote_identifier, without_comments
from local.redshift.options import compile_options, read_options
from local.redshift.statement_secrets import told_word

MEGABYTE = 1024**2
LARGEST, SMALLEST = Decimal("6.2") * 1024 * MEGABYTE, Decimal(5) * MEGABYTE
ROW_GROUP = 32 * MEGABYTE  # MAXFILESIZE is rounded down to a multiple of it
_NAME = re.compile(r'"(?:[^"]|"")+"|[^\s,]+')
_UNLOADS = re.compile(r"unload\b", re.IGNORECASE)
_UNLOAD = re.compile(
    rf"^unload\s*\(\s*(?P<query>{STRING})\s*\)\s*to\s+(?P<destination>{STRING})\s*(?P<options>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_OPTIONS = compile_options(
    (
        *AUTHORIZATION_OPTIONS,
        ("format", r"\s*(?:format\s+(?:as\s+)?)?(?P<value>parquet|csv|json)\b"),
        (
            "partition",
            rf"\s*partition\s+by\s*\((?P<value>\s*{IDENTIFIER}\s*(?:,\s*{IDENTIFIER}\s*)*)\)",
        ),
        ("include", r"\s*include\b"),
        ("manifest", r"\s*manifest\b"),
        ("verbose", r"\s*verbose\b"),
        ("allowoverwrite", r"\s*allowoverwrite\b"),
        ("cleanpath", r"\s*cleanpath\b"),
        ("serial", r"\s*parallel\s+(?:off|false)\b"),
        ("parallel", r"\s*parallel(?:\s+(?:on|true))?\b"),
        ("extension", rf"\s*extension\s*(?P<value>{STRING})"),
        ("fixedwidth", rf"\s*fixedwidth\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
        ("max_file_size", r"\s*maxfilesize\s+(?:as\s+)?(?P<value>\d+(?:\.\d+)?(?:\s*(?:mb|gb)\b)?)"),
        ("kms_key", rf"\s*kms_key_id\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
        ("encrypted", r"\s*encrypted\b(?!\s+auto\b)"),
        ("region", rf"\s*region\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
        ("header", r"\s*header\b"),
        ("delimiter", rf"\s*delimiter\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
        ("null", rf"\s*null\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
        ("addquotes", r"\s*addquotes\b"),
        ("escape", r"\s*escape\b"),
        ("compression", r"\s*(?P<value>gzip|bzip2|zstd)\b"),
    )
)
# What a format does not take; CSV's last two are named by no page.
_TEXT_ONLY = ("delimiter", "addquotes", "escape", "null", "header", "fixedwidth")
_NOT_WITH = {
    "parquet": (*_TEXT_ONLY, "compression", "extension"),
    "json": _TEXT_ONLY,
    "csv": ("addquotes", "escape", "fixedwidth"),
    "text": (),
}
_ONE_BYTE = re.compile(r"[\x01-\x7f]|\\t|\\[0-7]{3}")
# What goes with each other neither on Redshift nor, where no page says what comes of it, here.
_APART = (
    ("cleanpath", "allowoverwrite"),
    ("fixedwidth", "delimiter"),
    ("fixedwidth", "header"),
    ("fixedwidth", "addquotes"),
    ("fixedwidth", "escape"),
    ("extension", "compression"),
    ("serial", "partition"),
    ("serial", "parallel"),
)
_WORDS = {"serial": "PARALLEL OFF", "partition": "PARTITION BY", "compression": "compression"}
_WIDTH = re.compile(r"\s*[^:,]+:\s*([1-9]\d*)\s*")
# What has to stand before a word that means nothing by itself.
_AFTER = {"include": "partition", "verbose": "manifest", "kms_key": "encrypted"}


@dataclass(frozen=True)
class TextLayout:
    """How text is laid out: what is between fields, what stands for NULL, whether names head each file, quoting."""

    delimiter: str = "|"
    null: str = ""
    header: bool = False
    add_quotes: bool = False
    escape: bool = False
    widths: tuple[int, ...] = ()  # in characters, of FIXEDWIDTH


@dataclass(frozen=True)
class UnloadStatement:
    """An UNLOAD of a query under `destination`, an s3:// prefix, as parquet, csv, json or text; sizes in bytes."""

    query: str
    destination: str
    authorization: Authorization
    partition_by: tuple[str, ...] = ()
    includes_partition: bool = False
    manifest: bool = False
    verbose: bool = False
    allow_overwrite: bool = False
    clean_path: bool = False
    max_file_size: int = int(LARGEST)
    kms_key: str | None = None
    region: str | None = None
    format: str = "parquet"
    compression: str = ""
    layout: TextLayout = TextLayout()
    is_serial: bool = False
    extension: str = ""

    @property
    def bucket(self) -> str:
        """The bucket that is written to."""
        return self.destination[len("s3://") :].partition("/")[0]

    @property
    def prefix(self) -> str:
        """What every key begins with; partition folders stand below a folder."""
        prefix = self.destination[len("s3://") :].partition("/")[2]
        return f"{prefix}/" if self.partition_by and not prefix.endswith("/") else prefix


def parse_unload(sql: str) -> UnloadStatement | None:
    """Read an UNLOAD ('select ...') TO 's3://...'; None if `sql` is no UNLOAD.

    >>> role = "arn:aws:iam::000000000000:role/r"
    >>> unload = parse_unload(f"unload ('select 1 as a') to 's3://b/k/' iam_role '{role}' parquet")
    >>> unload.query, unload.bucket, unload.prefix
    ('select 1 as a', 'b', 'k/')

    Raises:
        RedshiftError: an option that UNLOAD does not take with the format, or a form not offered here.
    """
    if not _UNLOADS.match(code_of(sql)):
        return None
    masked = mask(sql)
    match = _UNLOAD.match(without_comments(masked.text).rstrip("; \n\t"))
    if not match:
        raise RedshiftError("syntax error in UNLOAD: expected UNLOAD ('query') TO 's3://...' options", SYNTAX_ERROR)
    found = read_options(match["options"], masked, _OPTIONS, _unknown)
    destination = unquote(masked.restore(match["destination"]))
    _refuse(destination, found)
    names = _NAME.findall(found.get("partition") or "")
    return UnloadStatement(
        query=unquote(masked.restore(match["query"])).strip().rstrip(";"),
        destination=destination,
        authorization=authorization("UNLOAD", found),
        partition_by=tuple(map(unquote_identifier, names)),
        includes_partition="include" in found,
        manifest="manifest" in found,
        verbose="verbose" in found,
        allow_overwrite="allowoverwrite" in found,
        clean_path="cleanpath" in found,
        max_file_size=_size(found.get("max_file_size"), _format(found) == "parquet"),
        kms_key=found.get("kms_key"),
        region=found.get("region"),
        format=_format(found),
        compression=found.get("compression") or "",
        layout=TextLayout(
            delimiter=_delimiter(found),
            null=found.get("null") or "",
            header="header" in found,
            add_quotes="addquotes" in found,
            escape="escape" in found,
            widths=_widths(found["fixedwidth"] or "") if "fixedwidth" in found else (),
        ),
        is_serial="serial" in found,
        extension=found.get("extension") or "",
    )


def _format(found: dict[str, str | None]) -> str:
    return found.get("format") or "text"


def _delimiter(found: dict[str, str | None]) -> str:
    value = found.get("delimiter")
    if value is None:
        return "," if _format(found) == "csv" else "|"
    if not _ONE_BYTE.fullmatch(value):
        raise RedshiftError("UNLOAD delimiter must be a single ASCII character", "22023")
    return value if len(value) == 1 else "\t" if value == "\\t" else chr(int(value[1:], 8))


def _unknown(text: str) -> RedshiftError:
    return RedshiftError(f"UNLOAD: {told_word(text)} is not offered by the local Redshift")


def _refuse(destination: str, found: dict[str, str | None]) -> None:
    if not re.match(r"s3://[^/]+/", destination):
        raise RedshiftError(f"invalid UNLOAD destination '{destination}': s3://bucket/prefix", SYNTAX_ERROR)
    for name in _NOT_WITH[_format(found)]:
        if name in found:
            option = (found["compression"] or "") if name == "compression" else name
            raise RedshiftError(f"{option.upper()} is not supported for UNLOAD to {_format(found).upper()}")
    for name, other in _AFTER.items():
        if name in found and other not in found:
            raise RedshiftError(f"UNLOAD: {name.upper()} needs {other.upper()} here", SYNTAX_ERROR)
    for one, two in _APART:
        if one in found and two in found:
            names = " and ".join(_WORDS.get(name, name.upper()) for name in (one, two))
            raise RedshiftError(f"UNLOAD: {names} cannot be specified together here", SYNTAX_ERROR)


def _widths(text: str) -> tuple[int, ...]:
    """Return the widths of FIXEDWIDTH; what its columns are called there means nothing.

    >>> _widths("id:3, name:40")
    (3, 40)

    Raises:
        RedshiftError: it is no list of labels and widths.
    """
    found = [_WIDTH.fullmatch(part) for part in text.split(",")]
    if not all(found):
        raise RedshiftError(f"UNLOAD: FIXEDWIDTH '{text}' is not of the form 'label:width, ...'", SYNTAX_ERROR)
    return tuple(int(match[1]) for match in found if match)


def _size(text: str | None, is_parquet: bool) -> int:
    """Return MAXFILESIZE in bytes; parquet rounds it down to whole row groups, of which a file has one at least.

    >>> _size("200 mb", True) // MEGABYTE, _size("5", True) // MEGABYTE, _size("5", False) // MEGABYTE
    (192, 32, 5)
    """
    if text is None:
        return int(LARGEST)
    number = Decimal(re.sub(r"[^\d.]", "", text))
    size = number * MEGABYTE * (1024 if text.lower().endswith("gb") else 1)
    if not SMALLEST <= size <= LARGEST:
        raise RedshiftError("MAXFILESIZE must be between 5 MB and 6.2 GB", "22023")
    return max(int(size) // ROW_GROUP, 1) * ROW_GROUP if is_parquet else int(size)
