"""What the properties of a text table say of its files. Pure.

In: properties of the Data Catalog. Out: how lines and fields are read, or a RedshiftError.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from local.redshift.errors import RedshiftError

START_OF_HEADING, END = "\x01", "\n"


@dataclass(frozen=True)
class TextForm:
    """The character between fields, the text for NULL, the lines to skip, the compression ('': the name tells it)."""

    delimiter: str
    null: str
    header: int
    compression: str

    def differing(self, other: TextForm) -> list[str]:
        """Return what is not the same in another, in words."""
        return [each.name for each in fields(self) if getattr(self, each.name) != getattr(other, each.name)]


def text_form(properties: Mapping[str, str], name: str) -> TextForm:
    """Return how files are read.

    Args:
        properties: of the catalog.
        name: what errors call the table or the partition.

    Raises:
        RedshiftError: a form that is not offered.
    """
    delimiter = properties.get("field.delim") or properties.get("serialization.format", "1")
    if properties.get("line.delim", END) != END:
        raise RedshiftError(f"other ends of lines are not offered by the local Redshift: {name}")
    return TextForm(
        START_OF_HEADING if delimiter == "1" else delimiter,
        properties.get("serialization.null.format", r"\N"),
        int(properties.get("skip.header.line.count", "0")),
        properties.get("compression_type", "").lower(),
    )
