"""LAND, read: why pyarrow does not take a footer.

In: what pyarrow raised, and the footer's bytes. Out: the rejection: of the column that closes the file where one can be
named, of the footer else. Pure.

pyarrow refuses a whole file for one column, and does not say which. The footer's own words say it.
"""

from __future__ import annotations

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.read import original
from ingest_lambda.read.metadata import Element, Metadata, Repetition, TooDeepError, read_metadata
from ingest_lambda.reasons import Reason

MAGIC = b"PAR1"
BYTES = {"BYTE_ARRAY"}
FIXED = {"FIXED_LEN_BYTE_ARRAY"}
# What each annotation may stand on: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
CARRIERS = {
    "STRING": BYTES,
    "ENUM": BYTES,
    "JSON": BYTES,
    "BSON": BYTES,
    "GEOMETRY": BYTES,
    "GEOGRAPHY": BYTES,
    "UUID": FIXED,
    "FLOAT16": FIXED,
    "INTERVAL": FIXED,
    "DATE": {"INT32"},
    "TIME": {"INT32", "INT64"},
    "TIMESTAMP": {"INT64"},
    "INTEGER": {"INT32", "INT64"},
    "DECIMAL": {"INT32", "INT64"} | BYTES | FIXED,
}
TEXT_REMEDY = "write the text with a variable length (BYTE_ARRAY), as writers do by default"
INTEGER_REMEDY = "cast the column to a decimal of at most 38 digits, or to text"
MOST_LEVELS = 100  # of groups within groups that pyarrow follows, the schema's own among them
FIELDS_OF_A_PAIR = 2


def rejection_of(error: Exception, footer: bytes) -> RejectedFileError:
    """Word what `error`, which was raised over a footer, means to the file's producer."""
    if isinstance(error, RejectedFileError):
        return error
    if isinstance(error, RecursionError):
        return _too_deep()
    try:
        said = read_metadata(footer)
    except TooDeepError:
        return _too_deep()
    except ValueError:
        said = None
    if said and isinstance(error, (pa.ArrowException, OSError)):  # of both kinds are pyarrow's own
        blamed = _refused_integer(said) or _contradiction(said) or _nesting(said) or _arrow_schema(said, footer, error)
        if blamed:
            return blamed
    if isinstance(error, pa.ArrowNotImplementedError):
        return RejectedFileError(Reason.UNSUPPORTED_TYPE, f"the footer has what pyarrow cannot read: {error}")
    name = "" if isinstance(error, (pa.ArrowException, OSError, ValueError)) else f"{type(error).__name__}: "
    return RejectedFileError(Reason.CORRUPT_FOOTER, f"the footer cannot be read: {name}{error}")


def _refused_integer(said: Metadata) -> RejectedFileError | None:
    found = original.refused_column(said)
    if found is None:
        return None
    column, type_ = found
    return RejectedFileError(
        Reason.UNSUPPORTED_TYPE,
        "the column is of a type that the parquet reader does not know, which closes the whole file to it",
        column=column,
        found=type_,
        expected="a type that docs/verdicts.md lists",
        remedy=INTEGER_REMEDY if type_.startswith("an integer") else None,
    )


def _arrow_schema(said: Metadata, footer: bytes, error: Exception) -> RejectedFileError | None:
    """Blame the writer's arrow schema where the file can be read without it."""
    if original.KEY not in said.key_values:
        return None
    without = footer.replace(original.KEY.encode(), original.KEY.lower().encode())
    file = MAGIC + without + len(without).to_bytes(4, "little") + MAGIC
    try:
        pq.read_metadata(pa.BufferReader(file)).schema.to_arrow_schema()
    except (pa.ArrowException, OSError, ValueError):
        return None
    named = original.extension_columns(said)
    return RejectedFileError(
        Reason.UNSUPPORTED_TYPE,
        f"the arrow schema that the writer keeps in the footer contradicts its columns, which closes the file: {error}",
        column=named[0] if len(named) == 1 else None,
        remedy="write the column as text or plain bytes, or the file without an arrow schema (ARROW:schema)",
    )


def _contradiction(said: Metadata) -> RejectedFileError | None:
    for column in said.columns:
        for leaf in column.leaf_elements():
            carriers = CARRIERS.get(leaf.annotation or "")
            if carriers and leaf.physical not in carriers:
                return RejectedFileError(
                    Reason.UNSUPPORTED_TYPE,
                    f"parquet has no {leaf.annotation} on {leaf.physical}, and one such column closes the whole file",
                    column=column.name,
                    found=f"{leaf.physical} {leaf.annotation}",
                    expected=f"{leaf.annotation} on {' or '.join(sorted(carriers))}",
                    remedy=TEXT_REMEDY if leaf.annotation == "STRING" and leaf.physical in FIXED else None,
                )
    return None


def _nesting(said: Metadata) -> RejectedFileError | None:
    for column in said.columns:
        if _levels(column) >= MOST_LEVELS:
            return _too_deep(column.name)
        if _has_optional_key(column):
            return RejectedFileError(
                Reason.UNSUPPORTED_TYPE,
                "a map's keys may be NULL in it, which parquet's specification forbids, and one such column closes "
                "the whole file to its reader",
                column=column.name,
                found="MAP with optional keys",
                expected="MAP with required keys",
                remedy="write the file with a newer version of its writer, whose maps have required keys, or the "
                "column as a list of pairs",
            )
    return None


def _too_deep(column: str | None = None) -> RejectedFileError:
    return RejectedFileError(
        Reason.UNSUPPORTED_TYPE,
        "a column is nested too deeply to be read, which closes the whole file to its reader",
        column=column,
        expected=f"groups within groups in fewer than {MOST_LEVELS} levels, of which a list has two",
        remedy="write the column with fewer levels, or as text (JSON)",
    )


def _levels(element: Element) -> int:
    return 1 + max(map(_levels, element.children), default=0)


def _has_optional_key(element: Element) -> bool:
    """Tell whether a map in it has optional keys.

    https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#maps
    """
    pair = element.children[0].children if element.annotation == "MAP" and len(element.children) == 1 else ()
    is_it = len(pair) == FIELDS_OF_A_PAIR and pair[0].repetition is Repetition.OPTIONAL
    return is_it or any(map(_has_optional_key, element.children))
