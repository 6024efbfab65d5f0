"""Sample data: files. In: arrow tables, batch by batch. Out: JSON, JSON lines, CSV or parquet, streamed to a folder.

The JSON texts are put together column by column in arrow, since `json.dumps` of a million rows takes minutes.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import csv
from pyarrow import parquet as pq

from scripts.generator_draws import uniform

FORMATS = ("json", "jsonl", "csv", "parquet")
LATE_FOLDER = "late"

Texts: TypeAlias = pa.Array | pa.ChunkedArray


@dataclass(frozen=True)
class Naming:
    """How files are called: `<dataset>_<date>_<sequence>.<extension>`."""

    folder: Path
    date: str = "20251113"
    sequence: int = 1

    def path(self, dataset: str, extension: str) -> Path:
        """Name the file of a dataset."""
        return self.folder / f"{dataset}_{self.date}_{self.sequence:03d}.{extension}"


@dataclass(frozen=True)
class Written:
    """One file that was written: the dataset (or `orders`, for nested documents), where, and how many rows it has."""

    dataset: str
    path: Path
    rows: int


@dataclass(frozen=True)
class Late:
    """The share of the rows that miss their file: they come in one of their own, to be landed when others have been."""

    share: float = 0.0
    seed: int = 1

    def split(self, table: pa.Table, rows_before: int) -> tuple[pa.Table, pa.Table]:
        """Part the rows that are in time from those that are late."""
        positions = np.arange(rows_before, rows_before + len(table), dtype=np.int64)
        is_late = uniform(self.seed, "late", positions) < self.share
        return table.filter(pa.array(~is_late)), table.filter(pa.array(is_late))


class Writer(Protocol):
    """What takes the rows of a file, batch by batch."""

    def write(self, table: Any) -> None:
        """Write some rows."""

    def close(self) -> None:
        """Finish the file."""


class JsonWriter:
    """Writes documents a line each; `.json` is an array of them, `.jsonl` the lines alone."""

    def __init__(self, path: Path, to_texts: Callable[[Any], Texts]) -> None:
        """Open the file."""
        self._file = path.open("wb")
        self._to_texts = to_texts
        self._is_array = path.suffix == ".json"
        self._is_empty = True
        self._file.write(b"[\n" if self._is_array else b"")

    def write(self, table: Any) -> None:
        """Write some documents."""
        texts = self._to_texts(table)
        if not len(texts):
            return
        joint = ",\n" if self._is_array else "\n"
        flat = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        all_of_them = pa.ListArray.from_arrays(pa.array([0, len(flat)], pa.int32()), flat)
        self._file.write(b"" if self._is_empty else joint.encode())
        self._file.write(pc.binary_join(all_of_them, joint)[0].as_buffer().to_pybytes())
        self._is_empty = False

    def close(self) -> None:
        """Finish the file."""
        self._file.write(b"\n]\n" if self._is_array else b"" if self._is_empty else b"\n")
        self._file.close()


def write_tables(
    batches: Iterable[Mapping[str, pa.Table]],
    schemas: Mapping[str, pa.Schema],
    naming: Naming,
    format_: str,
    late: Late | None = None,
) -> list[Written]:
    """Write a file per dataset, side by side in one pass over the batches; rows that are late go to `late/`.

    Raises:
        ValueError: no such format.
    """
    if format_ not in FORMATS:
        raise ValueError(f"format {format_!r} is none of {', '.join(FORMATS)}")
    late = late or Late()
    namings = [naming, *([Naming(naming.folder / LATE_FOLDER, naming.date, naming.sequence)] if late.share else [])]
    rows = dict.fromkeys([(place, dataset) for place in range(len(namings)) for dataset in schemas], 0)
    with ExitStack() as files:
        writers = {
            (place, dataset): files.enter_context(closing(_open(namings[place].path(dataset, format_), schema)))
            for place in range(len(namings))
            for dataset, schema in schemas.items()
        }
        for batch in batches:
            for dataset, table in batch.items():
                before = sum(count for (_, counted), count in rows.items() if counted == dataset)
                for place, part in enumerate(late.split(table, before) if late.share else [table]):
                    writers[place, dataset].write(part)
                    rows[place, dataset] += len(part)
    return [Written(dataset, namings[place].path(dataset, format_), count) for (place, dataset), count in rows.items()]


def documents(table: pa.Table) -> Texts:
    """Write one flat document per row.

    >>> documents(pa.table({"name": ['say "hi"'], "count": [1]})).to_pylist()
    ['{"name":"say \\\\"hi\\\\"","count":1}']
    """
    return json_object([json_member(name, table[name]) for name in table.column_names])


def json_object(members: list[Texts]) -> Texts:
    """Put members in braces."""
    return join_texts("{", pc.binary_join_element_wise(*members, ","), "}")


def json_member(name: str, values: Texts) -> Texts:
    """Write a name and its value."""
    return join_texts(f'"{name}":', pc.coalesce(_json_value(values), pa.scalar("null")))


def join_texts(*parts: str | Texts) -> Texts:
    """Join texts row by row."""
    return pc.binary_join_element_wise(*parts, "")


def _json_value(values: Texts) -> Texts:
    if pa.types.is_timestamp(values.type):
        return join_texts('"', pc.strftime(values, format="%Y-%m-%dT%H:%M:%SZ"), '"')
    if pa.types.is_date(values.type):
        return join_texts('"', pc.cast(values, pa.string()), '"')
    if pa.types.is_string(values.type):
        escaped = pc.replace_substring(pc.replace_substring(values, "\\", "\\\\"), '"', '\\"')
        return join_texts('"', escaped, '"')
    return pc.cast(values, pa.string())


def _open(path: Path, schema: pa.Schema) -> Writer:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in (".json", ".jsonl"):
        return JsonWriter(path, documents)
    writer: Writer = csv.CSVWriter(path, schema) if path.suffix == ".csv" else pq.ParquetWriter(path, schema)
    return writer
