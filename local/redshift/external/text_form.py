"""What the properties of a text table say of its files. Pure.

In: properties of the Data Catalog. Out: how lines and fields are read, or a RedshiftError.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from local.redshift.errors import RedshiftError
from local.redshift.external.properties import CLEANSING, MISMATCH

START_OF_HEADING, END = "\x01", "\n"
COMPRESSIONS = ("none", "gzip", "bzip2")
DISABLED, FAIL, SET_TO_NULL, DROP_ROW = "DISABLED", "FAIL", "SET_TO_NULL", "DROP_ROW"
_ACTIONS = (DISABLED, FAIL, SET_TO_NULL, DROP_ROW)
_DELIMITER = re.compile(r"[^0-9\n\r\x80-\U0010ffff]")
_COUNT = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class TextForm:
    """How text is read: the character between fields, the text for NULL, the lines to skip, the compression.

    `compression`: '' where a file's name tells it. `mismatch`: what becomes of a row of more or fewer fields than the
    table has columns, DISABLED where nothing is said. `is_cleansed`: data handling is on.
    """

    delimiter: str
    null: str
    header: int
    compression: str
    mismatch: str
    is_cleansed: bool

    def differing(self, other: TextForm) -> list[str]:
        """Return what is not the same in another, in words."""
        return [each.name for each in fields(self) if getattr(self, each.name) != getattr(other, each.name)]


def text_form(properties: Mapping[str, str], name: str) -> TextForm:
    r"""Return how files are read.

    Args:
        properties: of the catalog.
        name: what errors call the table or the partition.

    Raises:
        RedshiftError: a form that is not offered.

    >>> text_form({"field.delim": "|", "skip.header.line.count": "1"}, "s.t")
    TextForm(delimiter='|', null='\\N', header=1, compression='', mismatch='DISABLED', is_cleansed=False)
    """
    if properties.get("line.delim", END) != END:
        raise RedshiftError(f"other ends of lines are not offered by the local Redshift: {name}")
    header = properties.get("skip.header.line.count", "0")
    if not _COUNT.fullmatch(header):
        raise _refused("skip.header.line.count", header, name, "a number of lines, 0 or more")
    compression = properties.get("compression_type", "")
    if compression not in ("", *COMPRESSIONS):
        raise _refused("compression_type", compression, name, f"one of {', '.join(COMPRESSIONS)}")
    null = properties.get("serialization.null.format", r"\N")
    mismatch, is_cleansed = _mismatch(properties, name), properties.get(CLEANSING) == "true"
    return TextForm(_delimiter(properties, name), null, int(header), compression, mismatch, is_cleansed)


def is_delimiter(text: str) -> bool:
    r"""Tell whether a text is a delimiter of fields that means the same to all who read the catalog.

    Hive's LazySimpleSerDe takes a number for a byte's, and of a longer text the first character alone; what Redshift
    takes it for no page tells.

    >>> is_delimiter("|"), is_delimiter("\x01"), is_delimiter("9"), is_delimiter("||"), is_delimiter("\n")
    (True, True, False, False, False)
    """
    return bool(_DELIMITER.fullmatch(text))


def _delimiter(properties: Mapping[str, str], name: str) -> str:
    property_ = "field.delim" if "field.delim" in properties else "serialization.format"
    delimiter = properties.get(property_, "1")
    if property_ == "serialization.format" and delimiter == "1":  # what the catalog has where nothing is said
        return START_OF_HEADING
    if not is_delimiter(delimiter):
        raise _refused(property_, delimiter, name, "the character itself: one of ASCII, no digit and no end of line")
    return delimiter


def _mismatch(properties: Mapping[str, str], name: str) -> str:
    """Return what becomes of rows of another length; the page has it controlled by `data_cleansing_enabled`."""
    action, cleansing = properties.get(MISMATCH, DISABLED), properties.get(CLEANSING, "")
    if action not in _ACTIONS:
        raise _refused(MISMATCH, action, name, f"one of {', '.join(_ACTIONS)}")
    if cleansing not in ("", "true", "false"):
        raise _refused(CLEANSING, cleansing, name, "true or false")
    if action != DISABLED and not cleansing:
        raise RedshiftError(
            f"the property '{MISMATCH}' of {name} needs '{CLEANSING}' = 'true' or 'false' here: no page tells whether "
            "it counts without"
        )
    return action if cleansing == "true" else DISABLED


def _refused(property_: str, value: str, name: str, remedy: str) -> RedshiftError:
    return RedshiftError(
        f"the property '{property_}' = {value!r} of {name} is not offered by the local Redshift: write {remedy}"
    )
