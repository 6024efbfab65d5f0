"""OPERATE: what a file says of the dataset it belongs to. In: a parquet file, local or in S3. Out: a `Specimen`.

Footer and path are read by the code that lands files, so that names and types are those that the landing table will
have.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types

from ingest_lambda.arrive.routing import Format, format_of
from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.names import landing_names
from ingest_lambda.judge.partitions import columns_of_path
from ingest_lambda.read.footer import TAIL_BYTES, Footer, footer_bytes, parse_footer
from ingest_lambda.read.parquet_rows import batches
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.statements import fold_case
from landfall.new_dataset.columns import LandedColumn
from landfall.new_dataset.texts import read_columns

MOST_ROWS = 1_000_000  # that are looked at for the lengths and kinds of texts
FEW_VALUES = 20  # a column with at most this many is taken for one of known values
UUID_BYTES = 36


@dataclass(frozen=True)
class Specimen:
    """The landing columns that a file asks for, its rows, and the values of text columns that have only a few.

    `text_format`: csv or json, where it is one; parquet else. `value_counts`: how many values columns have, of those
    that were asked for.
    """

    columns: tuple[LandedColumn, ...]
    row_count: int
    few_values: Mapping[str, tuple[str, ...]]
    text_format: str | None = None
    value_counts: Mapping[str, int] = field(default_factory=dict)


def read(source: str, counted: Iterable[str] = ()) -> Specimen:
    """Read a file by its path or `s3://bucket/key`; hive parts of either are columns of it.

    `counted`: columns whose values are counted too.

    Raises:
        ConfigError: there is no such file, or one of its columns has a type that cannot land.
        RejectedFileError: LAND would reject the file, for this reason.
    """
    kind, wanted = format_of(source), {fold_case(name) for name in counted}
    if kind in (Format.CSV, Format.JSON):
        return _read_text(source, kind, wanted)
    with _at_hand(source) as path:
        footer = _footer(path)
        names = landing_names([column.name for column in footer.columns])
        texts = [column.name for column in footer.columns if column.type == sqltypes.VARCHAR]
        seen = _look_at(path, texts)
        columns = []
        for name, column in zip(names, footer.columns, strict=True):
            if column.type is None:
                raise ConfigError(f"column {column.name!r} cannot land: {column.found}")
            found = seen.get(column.name)
            columns.append(LandedColumn(name, column.type, found.longest if found else None))
        told = {column.name: name for name, column in zip(names, footer.columns, strict=True) if name in wanted}
        counts = {told[name]: count for name, count in _count_values(path, list(told)).items()}
    columns += _said_by_folders(_key(source), names)
    few = {
        name: tuple(sorted(seen[column.name].values))
        for name, column in zip(names, footer.columns, strict=True)
        if column.name in seen and 0 < len(seen[column.name].values) <= FEW_VALUES
    }
    return Specimen(tuple(columns), footer.row_count, few, value_counts=counts)


def _read_text(source: str, kind: Format, wanted: Set[str]) -> Specimen:
    """Read a text as landing does; its columns have the types that all its values are values of."""
    key = _key(source)
    with _at_hand(source) as path:
        found, rows = read_columns(path, key)
    names = landing_names([column.name for column in found])
    columns, few, counts = [], {}, dict[str, int]()
    for name, column in zip(names, found, strict=True):
        seen = _Seen(None, set())
        if column.type == sqltypes.VARCHAR:
            _add(seen, column.values)
        if 0 < len(seen.values) <= FEW_VALUES:
            few[name] = tuple(sorted(seen.values))
        columns.append(LandedColumn(name, column.type, seen.longest))
        if name in wanted:
            counts |= _count(name, column.values)
    return Specimen((*columns, *_said_by_folders(key, names)), rows, few, str(kind), counts)


def _key(source: str) -> str:
    return _address(source)[1] if _is_object(source) else Path(source).as_posix()


def _said_by_folders(key: str, names: Sequence[str]) -> list[LandedColumn]:
    """List the columns that hive parts of the path say, and the file does not have."""
    said = (each for each in columns_of_path(key) if each.name not in names)
    lengths = ((each.name, None if each.value is None else len(each.value.encode())) for each in said)
    return [LandedColumn(name, sqltypes.VARCHAR, longest, is_of_path=True) for name, longest in lengths]


@contextmanager
def _at_hand(source: str) -> Iterator[Path]:
    """Give a local path to the file; one in S3 is fetched for as long as it is looked at."""
    if not _is_object(source):
        path = Path(source)
        if not path.is_file():
            raise ConfigError(f"{source} is no file")
        yield path
        return
    import boto3
    from botocore.exceptions import ClientError

    bucket, key = _address(source)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.parquet"
        try:
            boto3.client("s3").download_file(bucket, key, str(path))
        except ClientError as error:
            raise ConfigError(f"S3 does not give {source}: {error}") from error
        yield path


def _is_object(source: str) -> bool:
    return source.startswith("s3://")


def _address(source: str) -> tuple[str, str]:
    """Take `s3://bucket/key` apart; the key may hold anything.

    >>> _address("s3://b/raw/sales/region=a?b#c/x.parquet")
    ('b', 'raw/sales/region=a?b#c/x.parquet')
    """
    bucket, _, key = source.removeprefix("s3://").partition("/")
    return bucket, key


def _footer(path: Path) -> Footer:
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
        needed = footer_bytes(tail, size)
        if needed > len(tail):
            file.seek(size - needed)
            tail = file.read()
    return parse_footer(tail, size)


@dataclass
class _Seen:
    """The longest text of a column, in bytes, and its values until there are too many."""

    longest: int | None
    values: set[str]


def _look_at(path: Path, columns: list[str]) -> dict[str, _Seen]:
    seen = {name: _Seen(None, set()) for name in columns}
    if not columns:
        return seen
    rows = 0
    for _, batch in batches(path, columns):
        for name in columns:
            _add(seen[name], batch.column(batch.schema.get_field_index(name)))
        rows += batch.num_rows
        if rows >= MOST_ROWS:
            break
    return seen


def _count_values(path: Path, columns: list[str]) -> dict[str, int]:
    """Count the values of columns in the first rows, of those whose values pyarrow can tell apart."""
    parts: dict[str, list[Any]] = {name: [] for name in columns}
    rows = 0
    for _, batch in batches(path, columns) if columns else ():
        for name in columns:
            parts[name].append(_decoded(batch.column(batch.schema.get_field_index(name))))
        rows += batch.num_rows
        if rows >= MOST_ROWS:
            break
    counts: dict[str, int] = {}
    for name, arrays in parts.items():
        counts |= _count(name, pa.chunked_array(arrays)) if arrays else {}
    return counts


def _count(name: str, values: Any) -> dict[str, int]:
    """Count a column's values, under its name; nothing where its type has none to tell apart, as nested ones."""
    try:
        return {name: pc.count_distinct(values).as_py()}
    except pa.ArrowNotImplementedError:
        return {}


def _add(seen: _Seen, array: Any) -> None:
    values = _plain(array)
    if not (types.is_string(values.type) or types.is_large_string(values.type)):
        seen.longest = UUID_BYTES if values.type.id == pa.binary(16).id else seen.longest
        return
    longest = pc.max(pc.binary_length(values)).as_py()
    seen.longest = max(filter(None, (seen.longest, longest)), default=seen.longest if longest is None else longest)
    if len(seen.values) <= FEW_VALUES:
        trimmed = pc.unique(pc.utf8_trim(values.drop_null(), " "))
        told = trimmed.filter(pc.not_equal(trimmed, ""))
        seen.values.update(told.slice(0, FEW_VALUES + 1).to_pylist())


def _plain(array: Any) -> Any:
    """Decode texts; ENUMs, which are bytes of UTF-8, become text too."""
    array = _decoded(array)
    return array.cast(pa.string()) if types.is_binary(array.type) else array


def _decoded(array: Any) -> Any:
    """Decode dictionaries, runs, views of texts and extensions; bytes stay as they are, whatever they hold."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_run_end_encoded(array.type):
        array = pc.run_end_decode(array)
    return array.cast(pa.string()) if types.is_string_view(array.type) else array
