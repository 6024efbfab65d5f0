"""LAND: what a file's columns do to the landing table.

In: what is known of the landing table, the contract, one file's columns after the other. Out: the columns that landing
gains and those whose type changes, or the rejection of a file, which then leaves no trace. Pure. docs/schema_change.md
has the whole matrix.

Values count, not only types: a column of NULLs alone fits any type and fixes none. Where it is not known whether a
column of a file or of landing has a value, and that makes a difference, it is noted as a doubt: who has settled it
(`settle`) judges again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ingest_lambda.arrive.partitions import PathColumn
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.judge.contracts import Contract, SchemaChange
from ingest_lambda.judge.names import MAX_COLUMNS
from ingest_lambda.judge.partitions import described, of_the_path
from ingest_lambda.judge.schema_refusals import frozen, incompatible, listed
from ingest_lambda.judge.statement_budget import statements_of
from ingest_lambda.judge.table import Table
from ingest_lambda.judge.verdict import evolve_remedy
from ingest_lambda.judge.widening import Fit, fit, wider
from ingest_lambda.read.column_values import brings_values, is_flat
from ingest_lambda.read.footer import Footer
from ingest_lambda.read.schema import FileColumn, Obstacle
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse.failures import key_in_the_way
from ingest_lambda.warehouse.sqltypes import BIGINT, VARCHAR, SqlType
from ingest_lambda.warehouse.statements import ROW_NUMBER, Column, Widening
from ingest_lambda.warehouse.transport import travels

# A column of which nothing but nulls has come; it becomes a VARCHAR unless a file of the load types it.
Types = dict[str, SqlType | None]


class LandingColumns:
    """The columns of a landing table while the files of a load are taken in, one after the other.

    `doubtful`: columns of landing of which it matters whether they hold a value. `unsure`: positions of columns of the
    file taken last (who takes the next one clears it) of which that matters, and its footer does not tell. `free`: by
    how many statements the load may change landing.
    """

    def __init__(self, dataset: str, table: Table, contract: Contract, free: int) -> None:
        columns = contract.columns if table.columns is None else table.columns
        self.doubtful: set[str] = set()
        self.unsure: set[int] = set()
        self._dataset = dataset
        self._table = table
        self._creates_table = table.columns is None
        self._declared = contract.declared.types
        self._keeps_positions = contract.keeps_positions
        self._free_statements = free
        self._frozen = contract.schema_change is SchemaChange.FREEZE
        self._existing = {column.name: column.type for column in columns}
        self._retypable = {name for name in table.empty & set(self._existing) if self._may_retype(name)}
        freed: Types = {name: self._declared.get(name) for name in self._retypable}
        self._types: Types = {**self._existing, **(freed if table.may_change is not False else {})}
        self._used: set[str] = set()
        self._of_no_rows: dict[str, SqlType] = {}
        self._has_rows = False

    def take(self, names: Sequence[str], footer: Footer, path: Sequence[PathColumn] = ()) -> None:
        """Take in the columns of one file, called `names` in landing, and those that its path has.

        Raises:
            RejectedFileError: landing cannot take them; it stays as it was.
        """
        if footer.row_count == 0:
            self._take_no_rows(names, footer)
            return
        types, used = dict(self._types), {said.name for said in path}
        for position, (name, column) in enumerate(zip(names, footer.columns, strict=True)):
            if brings_values(footer, column):
                types[name] = self._type_after(name, column, types, position)
                used.add(name)
            else:
                self._check_new(name, column, types)
                types.setdefault(name, self._declared.get(name))
        for said in path:
            if said.name not in names or types[said.name] is None:
                types[said.name] = self._type_with_path(said, types)
        if self._keeps_positions:
            self._keep_position(types)
            used.add(ROW_NUMBER)
        self._check_number({*names, *used}, types, used)
        self._types = types
        self._used |= used
        self._has_rows = True

    def doubt_value(self, position: int, footer: Footer) -> None:
        """Note that it makes a difference whether a column of the file has a value, unless its footer tells."""
        if footer.columns[position].has_values is None:
            self.unsure.add(position)

    def before(self) -> tuple[Column, ...]:
        """Name landing's columns as they are; where it is made at once, those declared, of the types that they need."""
        types = {**self._existing, **self._types} if self._creates_table else self._existing
        return tuple(Column(name, types[name] or VARCHAR) for name in self._existing)

    def new_columns(self) -> tuple[Column, ...]:
        """Name the columns that landing has not; a table that is made for files of no rows has the columns of these."""
        new = {name: type_ for name, type_ in self._types.items() if name not in self._existing}
        if self._creates_table and not self._has_rows:
            new = {name: type_ for name, type_ in self._of_no_rows.items() if name not in self._existing}
        return tuple(Column(name, type_ or VARCHAR) for name, type_ in new.items())

    def widenings(self) -> tuple[Widening, ...]:
        """Name the columns of landing that get a wider type; none where the table is made of it at once."""
        return () if self._creates_table else tuple(self._widened(self._types, self._used))

    def retypings(self) -> tuple[Widening, ...]:
        """Name the columns of landing that hold NULLs alone and get the type of their first value."""
        return () if self._creates_table else tuple(self._retyped(self._types, self._used))

    def used(self) -> tuple[Column, ...]:
        """Name the columns that the files bring values for, in landing's order."""
        types = ((name, type_) for name, type_ in self._types.items() if name in self._used)
        return tuple(Column(name, type_ or self._existing.get(name, VARCHAR)) for name, type_ in types)

    def _keep_position(self, types: Types) -> None:
        """Take the column of landing's own that says where in its file a row stood; no policy is against it."""
        existing = self._existing.get(ROW_NUMBER, BIGINT)
        if existing != BIGINT:
            raise incompatible(ROW_NUMBER, BIGINT, existing)
        types[ROW_NUMBER] = BIGINT

    def _take_no_rows(self, names: Sequence[str], footer: Footer) -> None:
        if not self._frozen:
            for name, column in zip(names, footer.columns, strict=True):
                self._of_no_rows.setdefault(name, column.type or VARCHAR)
        if self._keeps_positions:
            self._of_no_rows[ROW_NUMBER] = BIGINT

    def _type_after(self, name: str, column: FileColumn, types: Types, position: int | None = None) -> SqlType:
        self._check_new(name, column, types)
        if column.type is None:
            raise RejectedFileError(
                Reason.UNSUPPORTED_TYPE,
                "no type of the warehouse holds its values",
                column=column.name,
                found=column.found,
                expected="a type that docs/verdicts.md lists",
            )
        known = types.get(name, self._declared.get(name))
        into = column.type if known is None else self._into(known, column.type)
        existing = self._existing.get(name)
        if existing is None or into != existing or fit(column.type, existing) is not Fit.ALWAYS:
            self._doubt(name, column, position)
        if into is None and name in self._retypable:  # but not by this load: the table has too many rows
            into = wider(self._declared.get(name, column.type), column.type)
        if into is None:
            raise incompatible(name, column.type, known or VARCHAR, is_text=column.obstacle is Obstacle.TEXT)
        if existing is not None and into != existing:
            self._check_change(Widening(name, existing, into), column)
        return into

    def _type_with_path(self, said: PathColumn, types: Types) -> SqlType | None:
        """Type a column of the path: its text becomes a value of whatever type landing has, or has declared."""
        known = types.get(said.name) or self._existing.get(said.name) or self._declared.get(said.name)
        type_ = known if known is None or known.name != "VARCHAR" else VARCHAR
        column = described(said, type_)
        try:
            if type_ is None:
                self._check_new(said.name, column, types)
                return None
            if not travels(type_):
                raise incompatible(said.name, VARCHAR, type_)
            return self._type_after(said.name, column, types)
        except RejectedFileError as error:
            can_be_added = error.reason is Reason.SCHEMA_FROZEN and not self._creates_table
            by_hand = error.evolve_to or (str(VARCHAR) if can_be_added else None)
            adds = said.name not in self._existing
            remedy = evolve_remedy(self._dataset, said.name, by_hand, adds=adds) if by_hand else error.remedy
            raise of_the_path(error, said, remedy) from error

    @staticmethod
    def _into(known: SqlType, found: SqlType) -> SqlType | None:
        return wider(known, found) if fit(found, known) is Fit.NEVER else known

    def _doubt(self, name: str, column: FileColumn, position: int | None) -> None:
        """Note that it would make a difference whether the column, in the file or in landing, has a value at all."""
        if column.has_values is None and is_flat(column) and position is not None:
            self.unsure.add(position)
        exists = name in self._existing and not self._creates_table
        if exists and name not in self._table.counted and self._may_retype(name):
            self.doubtful.add(name)

    def _may_retype(self, name: str) -> bool:
        """Tell whether the column may get another type if it holds nothing: not if its type is declared, or frozen."""
        return not self._frozen and self._declared.get(name) != self._existing[name]

    def _check_new(self, name: str, column: FileColumn, types: Types) -> None:
        if self._frozen and name not in types:
            raise frozen(name, column, expected="one of: " + ", ".join(self._existing))

    def _check_change(self, change: Widening, column: FileColumn) -> None:
        if self._frozen:
            raise frozen(change.column, column, expected=str(change.found))
        if not self._creates_table and self._table.in_the_way:
            is_key = key_in_the_way(self._table.in_the_way) is not None
            raise RejectedFileError(
                Reason.OBJECT_IN_THE_WAY,
                f"the column must become {change.into}, and something stands on it: {self._table.in_the_way}",
                column=change.column,
                found=str(column.type),
                expected=str(change.found),
                remedy=evolve_remedy(self._dataset, change.column, str(change.into)) if is_key else None,
            )
        if not self._creates_table and self._table.may_change is False:
            raise RejectedFileError(
                Reason.TABLE_TOO_LARGE_TO_WIDEN,
                f"the column must become {change.into}, and landing has more rows than a load may rewrite",
                column=change.column,
                found=str(column.type),
                expected=str(change.found),
                evolve_to=str(change.into),
            )

    def _check_number(self, names: Collection[str], types: Types, used: set[str]) -> None:
        """Reject the file that by itself changes more columns than a transaction or a table takes."""
        if len(types) > MAX_COLUMNS:
            raise RejectedFileError(
                Reason.TOO_MANY_COLUMNS,
                "with this file's new columns landing would have more than a table holds",
                found=f"{len(types)} columns",
                expected=f"at most {MAX_COLUMNS}",
            )
        own = {name: type_ for name, type_ in types.items() if name in names}
        new = [Column(name, type_ or VARCHAR) for name, type_ in own.items() if name not in self._existing]
        widened, retyped = self._widened(own, used), self._retyped(own, used)
        free = self._free_statements
        within = 0 if self._table.is_empty is not False else len(new)  # an empty table gets its new columns ahead
        if not self._creates_table and statements_of(within, len(widened), len(retyped)) > free:
            raise RejectedFileError(
                Reason.TOO_MANY_NEW_COLUMNS,
                "a load changes landing within one transaction of 40 statements",
                found=f"{listed('new', new)}; {listed('of another type', [*widened, *retyped])}",
                expected=f"at most {free} new columns; one of another type counts for two or three",
            )

    def _widened(self, types: Types, used: set[str]) -> list[Widening]:
        return [change for change in self._changed(types, used) if change.column not in self._retypable]

    def _retyped(self, types: Types, used: set[str]) -> list[Widening]:
        return [change for change in self._changed(types, used) if change.column in self._retypable]

    def _changed(self, types: Types, used: set[str]) -> list[Widening]:
        return [
            Widening(name, self._existing[name], type_)
            for name, type_ in types.items()
            if name in used and name in self._existing and type_ is not None and type_ != self._existing[name]
        ]
