"""OPERATE: what the columns of a landed file are called and hold in the modeled table. Pure.

In: landing names and types, and what was seen of their values. Out: `ModelColumn`s with names that SQL takes unquoted.
"""

import re
import unicodedata
from collections.abc import Container, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from ingest_lambda.errors import ConfigError
from ingest_lambda.warehouse import statements
from ingest_lambda.warehouse.sqltypes import MAX_VARCHAR, SqlType

UNQUOTED = re.compile(r"[a-z_][a-z0-9_]*")
PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]*")
LONGEST_NAME = 60  # bytes: PostgreSQL's tools keep 63 of a name, and `_narrowing_reasons` words reasons with it
# https://docs.aws.amazon.com/redshift/latest/dg/r_pg_keywords.html, and what the local Redshift (PostgreSQL) reserves
RESERVED_WORDS = frozenset(Path(__file__).with_name("reserved_words.txt").read_text(encoding="utf-8").split())
LONGEST_LINE = 78  # of SQL, less its indentation (.sqlfluff)
# Columns that checks, gates and the UPSERT add beside the file's.
TAKEN = {"reject_reason", "row_status", "reasons", "waits_for", "is_deleted", "copies"}
TAKEN |= {"quarantined_in_file", "rows_in_file", "bad_files_in_run", "files_in_run"}
TAKEN_BY_HISTORY = {"valid_from", "valid_to", "is_current"}
JINJA = re.compile(r"\{[{%#]")
# Lengths of modeled text: the shortest that holds four times what was seen. One file shows few values, and a row whose
# text is longer is quarantined; a length takes no room by itself, so that none is short.
TEXT_BYTES = (256, 1024, 4096, 16384, MAX_VARCHAR)
TIMES_SEEN = 4
UNSEEN_TEXT_BYTES = 256


@dataclass(frozen=True)
class LandedColumn:
    """A column of the landing table, and the bytes of the longest text seen in it (None: no text was seen).

    `is_of_path`: folders say it (`region=EU/`), not the file.
    """

    name: str
    type: SqlType
    longest_text: int | None = None
    is_of_path: bool = False


@dataclass(frozen=True)
class ModelColumn:
    """A column from landing (`landing`) to the modeled table (`name`); `selected` is how staging selects it."""

    landing: str
    name: str
    type: str
    selected: str
    doc: str
    is_json: bool
    is_of_path: bool = False

    @property
    def description(self) -> str:
        """Refer to what the domain's words say of it."""
        return f"{{{{ doc('{self.doc}') }}}}"

    @property
    def meaning(self) -> str:
        """Say in the words of the file what it is; a person says more."""
        if self.is_of_path:
            return f"`{self.landing}=` of the folders that the file stands in."
        return f"`{self.landing}` of the file{', as JSON text' if self.is_json else ''}."


def model_columns(
    dataset: str, landed: Sequence[LandedColumn], taken: Set[str] = frozenset(TAKEN), marks: Container[str] = ()
) -> list[ModelColumn]:
    """Name and type the columns that can be modeled: bytes stay in landing.

    So do `marks`, which tell what the source did with a row. Names in `taken` are given to no column.

    >>> from ingest_lambda.warehouse import sqltypes
    >>> columns = [LandedColumn("order", sqltypes.INTEGER), LandedColumn("größe (m)", sqltypes.VARCHAR, 9)]
    >>> [(column.name, column.type, column.selected) for column in model_columns("trees", columns)]
    [('order_value', 'integer', '"order" as order_value'), ('grosse_m', 'varchar(256)', '"größe (m)" as grosse_m')]

    Raises:
        ConfigError: a name that no dbt project can hold.
    """
    for column in landed:
        if JINJA.search(column.name):
            raise ConfigError(f"column {column.name!r} cannot stand in a dbt project: dbt would read its name as Jinja")
    plain = {
        column.name
        for column in landed
        if is_modeled(column) and column.type.name != "SUPER" and _is_plain(column.name, taken)
    }
    used, modeled = {*taken, *plain}, []
    for position, column in enumerate(landed, start=1):
        if is_modeled(column) and column.name not in marks:
            name = column.name if column.name in plain else _free_name(column, position, used, taken)
            used.add(name)
            modeled.append(_model_column(dataset, column, name))
    return modeled


def is_modeled(column: LandedColumn) -> bool:
    """Tell whether a landing column can go on to the modeled table."""
    return column.type.name != "VARBYTE"


def landing_type(type_: SqlType) -> str:
    """Spell a landing type as a source declares it.

    >>> from ingest_lambda.warehouse import sqltypes
    >>> landing_type(sqltypes.VARCHAR), landing_type(sqltypes.VARBYTE), landing_type(sqltypes.decimal(18, 2))
    ('varchar(max)', 'varbyte', 'decimal(18,2)')
    """
    if type_.name == "VARCHAR":
        return "varchar(max)"
    return "varbyte" if type_.name == "VARBYTE" else str(type_).lower()


def modeled_type(column: LandedColumn) -> str:
    """Choose the modeled type; every value of the landing type fits, except far longer texts than were seen.

    >>> from ingest_lambda.warehouse import sqltypes
    >>> modeled_type(LandedColumn("a", sqltypes.VARCHAR, 40)), modeled_type(LandedColumn("b", sqltypes.decimal(5, 5)))
    ('varchar(256)', 'numeric(5,5)')
    """
    name, arguments = column.type.name, column.type.arguments
    if name == "SUPER":
        return f"varchar({MAX_VARCHAR - 1})"  # the macro json_text marks what is longer
    if name == "VARCHAR":
        wanted = UNSEEN_TEXT_BYTES if column.longest_text is None else TIMES_SEEN * column.longest_text
        return f"varchar({next((size for size in TEXT_BYTES if size >= wanted), MAX_VARCHAR)})"
    if name == "DECIMAL":
        precision, scale = arguments
        return f"numeric({precision},{scale})"
    return str(column.type).lower()


def _model_column(dataset: str, column: LandedColumn, name: str) -> ModelColumn:
    value = column.name if _needs_no_quotes(column.name) else statements.identifier(column.name)
    is_json = column.type.name == "SUPER"
    if is_json:
        value = f"{{{{ json_text({value!r}) }}}}"
    selected = value if value == name else f"{value} as {name}"
    if len(selected) > LONGEST_LINE:
        selected = f"{value}\n            as {name}"
    doc = f"{dataset}__{name}"
    return ModelColumn(column.name, name, modeled_type(column), selected, doc, is_json, column.is_of_path)


def _needs_no_quotes(name: str) -> bool:
    return UNQUOTED.fullmatch(name) is not None and name not in RESERVED_WORDS


def _is_plain(name: str, taken: Container[str]) -> bool:
    is_word = PLAIN_NAME.fullmatch(name) is not None and len(name) <= LONGEST_NAME
    return is_word and name not in RESERVED_WORDS and name not in taken


def _free_name(column: LandedColumn, position: int, used: Container[str], taken: Container[str]) -> str:
    """Give a column a plain name that no other has; one that has no letters is called by its position in the file."""
    wanted = _plain_words(column.name) or f"column_{position}"
    if column.type.name == "SUPER":
        wanted = f"{wanted}_json"
    elif not _is_plain(wanted, taken):
        wanted = f"{wanted}_value"
    return next(name for name in (wanted, *(f"{wanted}_{count}" for count in range(2, 9999))) if name not in used)


def _plain_words(name: str) -> str:
    """Spell a name in ASCII letters, digits and underscores.

    >>> _plain_words("Größe (m)"), _plain_words("2nd_try"), _plain_words("名前")
    ('grosse_m', 'n_2nd_try', '')
    """
    letters = unicodedata.normalize("NFKD", name.casefold())
    words = re.sub(r"[^a-z0-9]+", "_", "".join(each for each in letters if not unicodedata.combining(each)))
    words = words.strip("_")[: LONGEST_NAME - 10].strip("_")
    return f"n_{words}" if words[:1].isdigit() else words
