"""LAND: what a file's columns do to the landing table.

In: landing's columns, the contract, one file's columns after the other. Out: the columns that landing gains and those
that widen, or the rejection of a file, which then leaves no trace. Pure. docs/schema_change.md has the whole matrix.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence

from ingest_lambda.arrive.partitions import PathColumn
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.judge.contracts import Contract, SchemaChange
from ingest_lambda.judge.names import MAX_COLUMNS
from ingest_lambda.judge.partitions import described, of_the_path
from ingest_lambda.judge.widening import holds_both, wider
from ingest_lambda.read.schema import FileColumn
from ingest_lambda.reasons import REMEDIES, Reason
from ingest_lambda.warehouse.sqltypes import VARCHAR, SqlType
from ingest_lambda.warehouse.statements import MAX_STATEMENTS, Column, Widening
from ingest_lambda.warehouse.transport import travels

# A transaction has 40 statements: lock, check of the types, counter, rows, ledger, outcomes, drop; the rest is for
# changes of the table.
FIXED_STATEMENTS = 7
FREE_STATEMENTS = MAX_STATEMENTS - FIXED_STATEMENTS

# A column of which nothing but nulls has come; it becomes a VARCHAR unless a file of the load types it.
Types = dict[str, SqlType | None]


class LandingColumns:
    """The columns of a landing table while the files of a load are taken in, one after the other."""

    def __init__(self, dataset: str, landing: Sequence[Column] | None, contract: Contract, *, may_widen: bool) -> None:
        self.before = tuple(contract.columns if landing is None else landing)
        self._dataset = dataset
        self._creates_table = landing is None
        self._declared = contract.declared.types
        self._frozen = contract.schema_change is SchemaChange.FREEZE
        self._may_widen = may_widen
        self._existing = {column.name: column.type for column in self.before}
        self._types: Types = dict(self._existing)
        self._used: set[str] = set()

    def take(self, names: Sequence[str], columns: Sequence[FileColumn], path: Sequence[PathColumn] = ()) -> None:
        """Take in the columns of one file, called `names` in landing, and those that its path has beside them.

        Raises:
            RejectedFileError: landing cannot take them; it stays as it was.
        """
        types = dict(self._types)
        for name, column in zip(names, columns, strict=True):
            types[name] = self._type_after(name, column, types)
        for said in path:
            if said.name not in names:
                types[said.name] = self._type_with_path(said, types)
        every = {*names, *(said.name for said in path)}
        self._check_number(every, types)
        self._types = types
        self._used |= every

    def new_columns(self) -> tuple[Column, ...]:
        """Name the columns that landing has not."""
        return tuple(Column(name, type_ or VARCHAR) for name, type_ in _new(self._types, self._existing))

    def widenings(self) -> tuple[Widening, ...]:
        """Name the columns of landing that get another type; none where the table is made of it at once."""
        return tuple(_widened(self._types, self._existing)) if not self._creates_table else ()

    def used(self) -> tuple[Column, ...]:
        """Name the columns that the files bring, in landing's order."""
        return tuple(Column(name, type_ or VARCHAR) for name, type_ in self._types.items() if name in self._used)

    def _type_after(self, name: str, column: FileColumn, types: Types) -> SqlType | None:
        known = types.get(name)
        if name not in types and self._frozen:
            raise _frozen(name, column, expected="one of: " + ", ".join(self._existing))
        if column.is_void:
            return known
        if column.type is None:
            raise RejectedFileError(
                Reason.UNSUPPORTED_TYPE,
                "no type of the warehouse holds its values",
                column=column.name,
                found=column.found,
                expected="a type that docs/verdicts.md lists",
            )
        if known is None:
            return column.type
        into = wider(known, column.type)
        if into is None:
            raise _incompatible(self._dataset, name, column.type, known)
        if into != known and name in self._existing:
            self._check_widening(Widening(name, known, into), column)
        return into

    def _type_with_path(self, said: PathColumn, types: Types) -> SqlType | None:
        """Type a column of the path: its text becomes a value of whatever type landing has, or has declared."""
        known = types.get(said.name)
        type_ = self._declared.get(said.name) if known is None else known if known.name != "VARCHAR" else VARCHAR
        try:
            if type_ is not None and not travels(type_):
                raise _incompatible(self._dataset, said.name, VARCHAR, type_)
            return self._type_after(said.name, described(said, type_), types)
        except RejectedFileError as error:
            can_be_added = error.reason is Reason.SCHEMA_FROZEN and not self._creates_table
            remedy = evolve_remedy(self._dataset, said.name, VARCHAR) if can_be_added else error.remedy
            raise of_the_path(error, said, remedy) from error

    def _check_widening(self, widening: Widening, column: FileColumn) -> None:
        if self._frozen:
            raise _frozen(widening.column, column, expected=str(widening.found))
        if not self._may_widen:
            raise RejectedFileError(
                Reason.TABLE_TOO_LARGE_TO_WIDEN,
                f"the column must become {widening.into}, and landing has more rows than a load may rewrite",
                column=widening.column,
                found=str(column.type),
                expected=str(widening.found),
                remedy=evolve_remedy(self._dataset, widening.column, widening.into),
            )

    def _check_number(self, names: Collection[str], types: Types) -> None:
        """Reject the file that by itself brings more new or wider columns than a transaction or a table takes."""
        if len(types) > MAX_COLUMNS:
            raise RejectedFileError(
                Reason.TOO_MANY_COLUMNS,
                "with this file's new columns landing would have more than a table holds",
                found=f"{len(types)} columns",
                expected=f"at most {MAX_COLUMNS}",
            )
        own = {name: types[name] for name in names}
        new, widened = _new(own, self._existing), _widened(own, self._existing)
        if not self._creates_table and statements_of(len(new), len(widened)) > FREE_STATEMENTS:
            raise RejectedFileError(
                Reason.TOO_MANY_NEW_COLUMNS,
                "a load changes landing within one transaction of 40 statements",
                found=f"{len(new)} new columns, {len(widened)} wider ones",
                expected=f"at most {FREE_STATEMENTS} new columns; a wider one counts for three",
            )


def statements_of(new: int, widened: int) -> int:
    """Count the statements that change landing: one a new column; three a wider one, and one for all of those."""
    return new + 3 * widened + (1 if widened else 0)


def evolve_remedy(dataset: str, column: str, into: SqlType) -> str:
    """Word the remedy that is the operator's.

    >>> evolve_remedy("orders", "note", VARCHAR)
    "landfall evolve orders note 'VARCHAR(65535)', then landfall replay the file"
    """
    return f"landfall evolve {dataset} {shlex.quote(column)} '{into}', then landfall replay the file"


def _new(types: Types, existing: dict[str, SqlType]) -> list[tuple[str, SqlType | None]]:
    return [(name, type_) for name, type_ in types.items() if name not in existing]


def _widened(types: Types, existing: dict[str, SqlType]) -> list[Widening]:
    return [
        Widening(name, existing[name], type_)
        for name, type_ in types.items()
        if name in existing and type_ is not None and type_ != existing[name]
    ]


def _frozen(name: str, column: FileColumn, expected: str) -> RejectedFileError:
    return RejectedFileError(
        Reason.SCHEMA_FROZEN,
        "the dataset takes neither new columns nor wider types",
        column=name,
        found=str(column.type or column.found),
        expected=expected,
    )


def _incompatible(dataset: str, name: str, found: SqlType, landing: SqlType) -> RejectedFileError:
    by_hand = holds_both(landing, found)
    return RejectedFileError(
        Reason.INCOMPATIBLE_TYPE,
        f"values of type {found} do not fit the landing column of type {landing}",
        column=name,
        found=str(found),
        expected=str(landing),
        remedy=f"{REMEDIES[Reason.INCOMPATIBLE_TYPE]}; or {evolve_remedy(dataset, name, by_hand)}" if by_hand else None,
    )
