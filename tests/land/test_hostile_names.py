"""Keys and columns of any name land as they are called, or get a verdict; none becomes SQL."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from collections.abc import Iterable, Sequence

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.paths import LoadPath
from ingest_lambda.load.outcomes import Status
from ingest_lambda.warehouse.statements import MAX_IDENTIFIER_BYTES, METADATA_COLUMNS, fold_case, identifier
from tests.land.warehouse import Land, new_dataset

KEYS = [
    "with space.parquet",
    'quote\'s "double".parquet',
    "a=b&c+d%20e.parquet",
    "up../and..down/x.parquet",
    "year=2025/month=11/part-0.snappy.parquet",
    "ünï/日本語/😀.parquet",
    "back\\slash.parquet",
    "semi;drop table x;--.parquet",
    "dollar$1 :name {brace} %s ?.parquet",
    "x" * 900,
    "UPPER.PARQUET",
    "new\nline.parquet",
]

COLUMNS = [
    "select",
    "order",
    "Group By",
    'say "hi"',
    "it's",
    "a;drop table x;--",
    "/* comment */",
    "back\\slash",
    "percent % and :colon",
    "日本語",
    "Größe",
    "😀",
    "_underscore",
    "1st",
    "dotted.name",
    "x" * 63,
    "y" * 127,  # the longest that Redshift keeps
    "c1",
    "file_id",
    "$1",
]

# What would end a name and begin a statement, were it not quoted, and letters that fold to others in some languages.
PIECES = [*"'\";? \n\t\u202e\u017f😀éaA", "--", "/*", "*/", "\\", "$$", ":id", "%s", "{}"]
STATEMENT = "drop table lock._bootstrap"
HOSTILE = st.lists(st.sampled_from([*PIECES, STATEMENT]), min_size=1, max_size=8).map("".join)
KEY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=80)
KEY_NAMES = st.lists(HOSTILE | KEY_TEXT, min_size=2, max_size=8, unique=True)


def keys(dataset: str, names: Iterable[str]) -> list[str]:
    """Name objects of a dataset, each visible: what starts with `_` or `.` is ignored."""
    return [f"raw/{dataset}/{number}{name}x.parquet" for number, name in enumerate(names)]


def dataset_of_any_folders(land: Land) -> str:
    """Name a dataset for which every folder below it is its own, whatever it is called."""
    dataset = new_dataset()
    land.contracts[dataset] = Contract(any_folders=True)
    return dataset


def assert_no_statement_ran(land: Land) -> None:
    """What the hostile names would drop is there."""
    assert land.rows("select count(*) as n from lock._bootstrap") == [{"n": 1}]


@settings(max_examples=5, deadline=None)
@example(KEYS)
@given(KEY_NAMES)
def test_files_of_any_keys_land_and_are_recorded_in_one_batch_as_they_are_called(land: Land, names: list[str]) -> None:
    dataset = dataset_of_any_folders(land)
    files = [land.put(key, pa.table({"id": [1]})) for key in keys(dataset, names)]

    outcomes = land.function().receive(*files)

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}, outcomes
    assert {outcome.load_path for outcome in outcomes} == {LoadPath.CANONICAL}
    landed = land.rows(f"select _source_file from landing.{dataset}")
    assert {row["_source_file"] for row in landed} == {file.uri for file in files}
    recorded = land.rows(f'select "key" from ledger.{dataset}')
    assert sorted(row["key"] for row in recorded) == sorted(file.key for file in files)
    assert_no_statement_ran(land)


@settings(max_examples=4, deadline=None)
@given(HOSTILE | KEY_TEXT)
def test_a_file_of_any_key_lands_by_itself_as_it_is_called(land: Land, name: str) -> None:
    dataset = dataset_of_any_folders(land)
    [key] = keys(dataset, [name])
    file = land.put(key, pa.table({"id": [1]}))

    [outcome] = land.function().receive(file)

    assert (outcome.status, outcome.load_path) == (Status.LANDED, LoadPath.AS_IS), outcome
    assert land.rows(f"select _source_file from landing.{dataset}") == [{"_source_file": file.uri}]
    assert_no_statement_ran(land)


@settings(max_examples=4, deadline=None)
@example(KEYS)
@given(KEY_NAMES)
def test_bad_files_of_any_keys_are_kept_and_recorded_as_they_are_called(land: Land, names: list[str]) -> None:
    dataset = new_dataset()
    files = [land.put(key, b"nonsense") for key in keys(dataset, names)]

    outcomes = land.function().receive(*files)

    assert {outcome.status for outcome in outcomes} == {Status.REJECTED}, outcomes
    rows = land.rows(f"select \"key\", quarantine_key from ops.rejected_files where dataset = '{dataset}'")
    assert sorted(row["key"] for row in rows) == sorted(file.key for file in files)
    s3 = land.client("s3")
    assert {s3.head_object(Bucket=land.bucket, Key=row["quarantine_key"])["ContentLength"] for row in rows} == {8}
    assert_no_statement_ran(land)


def test_columns_land_as_they_are_called(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", pa.table({name: [number] for number, name in enumerate(COLUMNS)}))

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.LANDED, outcome
    [row] = land.rows(f"select {', '.join(map(identifier, COLUMNS))} from landing.{dataset}")
    assert row == {fold_case(name): number for number, name in enumerate(COLUMNS)}


def test_a_column_of_any_name_is_added_to_a_table(land: Land) -> None:
    dataset = new_dataset()
    first = land.put(f"raw/{dataset}/1.parquet", pa.table({"id": [1]}))
    second = land.put(f"raw/{dataset}/2.parquet", pa.table({name: [number] for number, name in enumerate(COLUMNS)}))

    outcomes = [land.function().receive(first)[0], land.function().receive(second)[0]]

    assert [outcome.status for outcome in outcomes] == [Status.LANDED, Status.LANDED]


def test_columns_that_differ_in_blanks_at_their_ends_are_columns_of_their_own(land: Land) -> None:
    dataset = new_dataset()
    names = ["total", "total ", " total", "Total  "]

    outcomes = [
        land.function().receive(land.put(f"raw/{dataset}/{n}.parquet", pa.table({name: [n]})))[0]
        for n, name in enumerate([*names, *names])
    ]

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}, outcomes
    rows = land.rows(f"select {', '.join(map(identifier, names))} from landing.{dataset}")
    assert [row[fold_case(name)] for name in names for row in rows if row[fold_case(name)] is not None] == [
        *(0, 4),
        *(1, 5),
        *(2, 6),
        *(3, 7),
    ]


def test_a_key_that_no_ledger_can_record_is_ignored_and_its_batch_lands(land: Land) -> None:
    dataset = new_dataset()
    content = pa.table({"id": [1]})
    files = [land.put(f"raw/{dataset}/{name}.parquet", content) for name in ("a", "nul\0", "b")]

    outcomes = land.function().receive(*files)

    assert [outcome.status for outcome in outcomes] == [Status.LANDED, Status.IGNORED, Status.LANDED]
    assert "NUL" in (outcomes[1].reason or "")


@pytest.mark.parametrize(
    "key", ["raw/1; drop table x/a.parquet", "raw/it's/a.parquet", "raw/../a.parquet", "raw/.parquet"]
)
def test_a_folder_that_is_no_dataset_is_ignored_with_a_reason(land: Land, key: str) -> None:
    file = land.put(key, pa.table({"id": [1]}))

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.IGNORED
    assert outcome.reason


KEPT_LOCALLY = 63  # bytes of a name that the local Redshift keeps; names between that and Redshift's own 127 it refuses
RESERVED = {"oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", *(name for name, _ in METADATA_COLUMNS)}
COLUMN_TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
LENGTHS = st.sampled_from(["x" * 127, "x" * 128, "é" * 63, "é" * 64, "x" * 5_000])
COLUMN_NAMES = st.lists(
    HOSTILE | COLUMN_TEXT | LENGTHS | st.sampled_from([*RESERVED, "CTID", "_File_Id", "select", "Order", "order"]),
    min_size=1,
    max_size=6,
).filter(lambda names: not any(KEPT_LOCALLY < len(name.encode()) <= MAX_IDENTIFIER_BYTES for name in names))


def is_acceptable(names: Sequence[str]) -> bool:
    """Say what Redshift, which folds ASCII letters, takes as the columns of one table."""
    folded = [fold_case(name) for name in names]
    fit = all(0 < len(name.encode()) <= MAX_IDENTIFIER_BYTES and name.isprintable() for name in names)
    return fit and len(set(folded)) == len(folded) and not RESERVED & set(folded)


@settings(max_examples=10, deadline=None)
@given(COLUMN_NAMES, st.booleans())
@example(["À", "à"], False)
def test_columns_of_any_names_land_or_get_a_verdict(land: Land, names: list[str], is_rewritten: bool) -> None:
    dataset = new_dataset()
    kind = pa.uint64() if is_rewritten else pa.int64()  # COPY cannot read the first
    arrays = [pa.array([number], kind) for number, _ in enumerate(names)]
    file = land.put(f"raw/{dataset}/a.parquet", pa.Table.from_arrays(arrays, names=names))

    [outcome] = land.function().receive(file)

    found = land.rows(
        f"select column_name from svv_columns where table_schema = 'landing' and table_name = '{dataset}'"
    )
    if is_acceptable(names):
        assert (outcome.status, outcome.load_path) == (
            Status.LANDED,
            LoadPath.CANONICAL if is_rewritten else LoadPath.AS_IS,
        ), outcome
        [row] = land.rows(f"select {', '.join(map(identifier, names))} from landing.{dataset}")
        assert {name: int(value) for name, value in row.items()} == {
            fold_case(name): number for number, name in enumerate(names)
        }
    else:
        assert outcome.status is Status.REJECTED, outcome
        assert outcome.reason in {"invalid_column_name", "reserved_column_name", "duplicate_column"}
        assert found == []
    assert_no_statement_ran(land)
