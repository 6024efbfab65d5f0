"""Parquet and ORC files as COPY and external tables read them: their columns, batch by batch.

In: a file on disk. Out: its columns' names, its rows, and how each column fits a table's, or a LoadFault.
Source: https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.orc as po  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from local.redshift.errors import LoadFault, RedshiftError
from local.redshift.orc_types import orc_transport
from local.redshift.parquet_types import (
    CODE_DATA,
    CODE_SCHEMA,
    SPECTRUM,
    ColumnPlan,
    TargetColumn,
    Transport,
    count_leaves,
    parquet_transport,
    redshift_type,
)

BATCH_ROWS = 65_536


class ColumnarFile(ABC):
    """An open file: its url, its fields in order, the number of its rows."""

    form: str

    def __init__(self, name: str, fields: list[pa.Field], rows: int) -> None:
        self.name, self.fields, self.rows = name, fields, rows

    @abstractmethod
    def batches(self, columns: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """Yield the rows, about BATCH_ROWS at a time, with those top-level columns alone, in that order."""

    @abstractmethod
    def transport(self, index: int, target: TargetColumn) -> Transport | None:
        """Return how a column that is not nested fits a table's, None if it does not."""

    @abstractmethod
    def spelled(self, index: int) -> str:
        """Return a column that is not nested as a message shows it."""

    def plan(self, index: int, target: TargetColumn, serialize: bool = False) -> ColumnPlan:
        """Return how a column travels to a table's.

        With SERIALIZETOJSON a column of any type becomes SUPER, a text in it a string
        (https://docs.aws.amazon.com/redshift/latest/dg/ingest-super.html); bytes no page tells of.

        Raises:
            RedshiftError: their types do not fit.
        """
        field = self.fields[index]
        is_nested = field.type.num_fields > 0
        transport = None
        if serialize and target.base == "super":
            transport = None if _holds_bytes(field.type) else Transport.JSON
        elif not is_nested:
            transport = self.transport(index, target)
        if transport is None:
            shown = f"group {field.name}" if is_nested else self.spelled(index)
            context = (
                f"File '{self.name}' has an incompatible {self.form} schema for column '{target.name}'. "
                f"Column type: {redshift_type(target)}, {self.form} schema:\noptional {shown}\n"
            )
            raise LoadFault(SPECTRUM, CODE_SCHEMA, context, file=self.name, column=target.name).to_error()
        return ColumnPlan(index, target, transport)


def _holds_bytes(kind: pa.DataType) -> bool:
    is_binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    return is_binary or any(_holds_bytes(kind.field(i).type) for i in range(kind.num_fields))


class ParquetFile(ColumnarFile):
    """A parquet file."""

    form = "Parquet"

    def __init__(self, path: Path, name: str) -> None:
        self._file = pq.ParquetFile(path, coerce_int96_timestamp_unit="us")
        super().__init__(name, list(self._file.schema_arrow), self._file.metadata.num_rows)
        self._leaves = []  # by field, the first parquet column of each
        leaf = 0
        for field in self.fields:
            self._leaves.append(leaf)
            leaf += count_leaves(field.type)

    def batches(self, columns: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """Yield the rows with those columns."""
        names = [field.name for field in self.fields]
        # A dot in a name reads as a path, and a name that comes twice means both: then all columns are read.
        is_plain = len(set(names)) == len(names) and not any("." in name or not name for name in names)
        chosen = [names[index] for index in columns] if is_plain and len(columns) < len(names) else None
        for batch in self._file.iter_batches(BATCH_ROWS, columns=chosen):
            yield batch.select(chosen or columns)

    def transport(self, index: int, target: TargetColumn) -> Transport | None:
        """Return how a column fits."""
        return parquet_transport(self._leaf(index), target)

    def spelled(self, index: int) -> str:
        """Spell a column."""
        leaf = self._leaf(index)
        return f"{leaf.physical_type.lower()} {self.fields[index].name} ({leaf.logical_type})"

    def _leaf(self, index: int) -> pq.ColumnSchema:
        return self._file.schema.column(self._leaves[index])


class OrcFile(ColumnarFile):
    """An ORC file."""

    form = "ORC"

    def __init__(self, path: Path, name: str) -> None:
        self._file = po.ORCFile(path)
        super().__init__(name, list(self._file.schema), self._file.nrows)

    def batches(self, columns: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """Yield the rows with those columns."""
        for stripe in range(self._file.nstripes):
            batch = self._file.read_stripe(stripe).select(columns)
            for start in range(0, len(batch), BATCH_ROWS):
                yield batch.slice(start, BATCH_ROWS)

    def transport(self, index: int, target: TargetColumn) -> Transport | None:
        """Return how a column fits."""
        return orc_transport(self.fields[index].type, target)

    def spelled(self, index: int) -> str:
        """Spell a column."""
        return f"{self.fields[index].type} {self.fields[index].name}"


_FORMS: dict[str, type[ParquetFile] | type[OrcFile]] = {"parquet": ParquetFile, "orc": OrcFile}


def open_columnar(path: Path, name: str, form: str) -> ColumnarFile:
    """Open a file of a format: `parquet` or `orc`.

    Raises:
        RedshiftError: it is not readable as such.
    """
    try:
        return _FORMS[form](path, name)
    except (pa.ArrowException, OSError) as error:
        raise unreadable(name, _FORMS[form].form, error) from error


def unreadable(name: str, form: str, error: Exception) -> RedshiftError:
    """Return what Redshift says of a file that it cannot read."""
    context = f"File '{name}' is not a readable {form} file: {error}"
    return LoadFault(SPECTRUM, CODE_DATA, context, file=name).to_error()


def plan_columns(file: ColumnarFile, targets: list[TargetColumn], fill: bool, serialize: bool) -> list[ColumnPlan]:
    """Match the file's columns with the table's, by position.

    Raises:
        RedshiftError: their number differs or a type does not fit.
    """
    fields = file.fields
    if len(fields) > len(targets) or (len(fields) < len(targets) and not fill):
        context = (
            f"Unmatched number of columns between table and file. Table columns: {len(targets)}, "
            f"Data columns: {len(fields)}, File name: {file.name}"
        )
        raise LoadFault(SPECTRUM, CODE_SCHEMA, context, file=file.name).to_error()
    return [file.plan(index, target, serialize) for index, target in enumerate(targets[: len(fields)])]
