"""What COPY takes of CSV and JSON: options, and what is refused. Pure.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-format.html,
copy-parameters-data-conversion.html, copy-parameters-data-load.html, copy-parameters-file-compression.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.redshift.authorization import AUTHORIZATION_OPTIONS
from local.redshift.errors import RedshiftError
from local.redshift.masking import STRING
from local.redshift.options import compile_options

MOST_ERRORS = 100_000
TEXT_OPTIONS = compile_options(
    (
        *AUTHORIZATION_OPTIONS,
        ("csv", r"\s*(?:format\s+(?:as\s+)?)?csv\b"),
        ("json", rf"\s*(?:format\s+(?:as\s+)?)?json\b(?:\s*(?:as\b\s*)?(?P<value>{STRING}))?"),
        ("quote", rf"\s*quote\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
        ("delimiter", rf"\s*delimiter\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
        ("header", r"\s*ignoreheader\s+(?:as\s+)?(?P<value>\d+)"),
        ("null", rf"\s*null\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
        ("empty_as_null", r"\s*emptyasnull\b"),
        ("blanks_as_null", r"\s*blanksasnull\b"),
        ("blank_lines", r"\s*ignoreblanklines\b"),
        ("trims", r"\s*trimblanks\b"),
        ("truncates", r"\s*truncatecolumns\b"),
        ("fills", r"\s*fillrecord\b"),
        ("rounds", r"\s*roundec\b"),
        ("any_date", r"\s*acceptanydate\b"),
        ("accept_invalid", rf"\s*acceptinvchars\b(?:\s*(?:as\b\s*)?(?P<value>{STRING}))?"),
        ("date_format", rf"\s*dateformat\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
        ("time_format", rf"\s*timeformat\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
        ("compression", r"\s*(?P<value>gzip|bzip2)\b"),
        ("encoding", r"\s*encoding\s+(?:as\s+)?utf-?8\b"),
        ("max_errors", r"\s*maxerror\s+(?:as\s+)?(?P<value>\d+)"),
        ("region", rf"\s*region\b\s*(?:as\b\s*)?{STRING}"),
        ("manifest", r"\s*manifest\b"),
        # What they do to statistics and encodings concerns a cluster alone.
        ("statistics", r"\s*statupdate\b(?:\s+(?:on|off|true|false)\b)?"),
        ("compression_analysis", r"\s*compupdate\b(?:\s+(?:preset|on|off|true|false)\b)?"),
        ("sample", r"\s*comprows\s+\d+"),
    )
)
_ONE_BYTE = re.compile(r"\\[0-7]{3}|\\t|[\x01-\x7f]")


@dataclass(frozen=True)
class TextOptions:
    """How COPY reads CSV or JSON; `json` is auto, auto ignorecase, or the s3:// address of a JSONPaths file."""

    json: str | None = None
    delimiter: str = ","
    quote: str = '"'
    header: int = 0
    null: str = "\\N"
    empties_are_null: bool = False
    blanks_are_null: bool = False
    skips_blank_lines: bool = False
    trims: bool = False
    truncates: bool = False
    fills: bool = False
    rounds: bool = False
    any_date: bool = False
    replacement: str | None = None
    is_date_auto: bool = False
    time_format: str = ""
    compression: str = ""
    max_errors: int = 0


def text_options(found: dict[str, str | None]) -> TextOptions:
    """Return the options of a COPY of CSV or JSON.

    Raises:
        RedshiftError: options that do not go together, or a value that is wrong or not offered here.
    """
    if "csv" in found and "json" in found:
        raise RedshiftError("CSV is not compatible with JSON", "42601")
    for name in ("quote", "delimiter", "header", "fills", "blank_lines"):
        if "json" in found and name in found:
            raise RedshiftError(f"{name.upper()} is not supported for JSON", "42601")
    formats = {"date_format": ("auto", "YYYY-MM-DD"), "time_format": ("auto", "epochsecs", "epochmillisecs")}
    for name, offered in formats.items():
        if name in found and found[name] not in offered:
            shown = ", ".join(f"'{value}'" for value in offered)
            raise RedshiftError(f"{name.replace('_', '').upper()} '{found[name]}': the local Redshift offers {shown}")
    errors = int(found.get("max_errors") or 0)
    if errors > MOST_ERRORS:
        raise RedshiftError(f"MAXERROR must be between 0 and {MOST_ERRORS}", "22023")
    return TextOptions(
        json=(found["json"] or "auto") if "json" in found else None,
        delimiter=_byte(found.get("delimiter"), ","),
        quote=_byte(found.get("quote"), '"'),
        header=int(found.get("header") or 0),
        null=found["null"] or "" if "null" in found else "\\N",
        empties_are_null="empty_as_null" in found,
        blanks_are_null="blanks_as_null" in found,
        skips_blank_lines="blank_lines" in found,
        trims="trims" in found,
        truncates="truncates" in found,
        fills="fills" in found,
        rounds="rounds" in found,
        any_date="any_date" in found,
        replacement=(found["accept_invalid"] or "?") if "accept_invalid" in found else None,
        is_date_auto=found.get("date_format") == "auto",
        time_format=found.get("time_format") or "",
        compression=found.get("compression") or "",
        max_errors=errors,
    )


def _byte(value: str | None, default: str) -> str:
    r"""Return a delimiter or quotation mark, which is one byte, octal if need be.

    >>> _byte("|", ","), _byte("\\001", ","), _byte("\\t", ",")
    ('|', '\x01', '\t')
    """
    if value is None:
        return default
    if not _ONE_BYTE.fullmatch(value):
        raise RedshiftError("COPY delimiter must be a single character", "22023")
    return value if len(value) == 1 else "\t" if value == "\\t" else chr(int(value[1:], 8))
