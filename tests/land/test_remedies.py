"""A remedy is true: who does what a verdict says sees the file land.

Each reason has its case, here or elsewhere, and so has each call that words a remedy of its own.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.judge.contracts import parse_contract
from ingest_lambda.judge.statement_budget import FREE_STATEMENTS
from ingest_lambda.judge.verdict import Verdict
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reasons import Reason
from landfall.operate import evolution
from tests.land import footers
from tests.land.remedies import evolve, worded_at
from tests.land.test_rejections import GOOD, corrupt_page, nested, promising_more_rows, with_optional_keys
from tests.land.test_variant import variant_file
from tests.land.variants import primitive
from tests.land.warehouse import Land, new_dataset, parquet

TESTS = Path(__file__).parents[1]
FILES = Path(__file__).with_name("files")
# What the person who reads the remedy does; returns the file that is written anew, or None: the same one is replayed.
Act = Callable[[Land, str, Verdict], bytes | pa.Table | None]

ID = pa.table({"id": [1]})
HUNDRED = parquet(pa.table({"id": pa.array(range(100), pa.int32())}))
COLUMNS = [{"name": "id", "data_type": "bigint"}, {"name": "n", "data_type": "integer"}]
CSV = {"formats": ["csv"], "columns": COLUMNS}
AS_VARCHAR = {"formats": ["csv"], "columns": [COLUMNS[0], {"name": "n", "data_type": "varchar"}]}


@dataclass(frozen=True)
class Case:
    """A bad file, what was there before it, what is declared, and what is done about it.

    `worded`: the call that words the remedy, where it is not the reason's own.
    """

    bad: bytes | pa.Table
    act: Act
    worded: str | None = None
    before: pa.Table | None = None
    declared: Mapping[str, Any] = field(default_factory=dict)
    suffix: str = "parquet"
    widen_row_limit: int | None = None


def write(content: bytes | pa.Table) -> Act:
    """Write the file as the remedy says."""
    return lambda _land, _dataset, _verdict: content


def told(word: str, content: bytes | pa.Table) -> Act:
    """Write the file as the remedy says, which has the word for it."""

    def act(_land: Land, _dataset: str, verdict: Verdict) -> bytes | pa.Table:
        assert word in verdict.remedy, verdict.remedy
        return content

    return act


def declare(**declared: Any) -> Act:
    """Declare what the remedy says, and replay the file."""

    def act(land: Land, dataset: str, _verdict: Verdict) -> None:
        land.contracts[dataset] = parse_contract(declared)

    return act


def evolve_and_declare(land: Land, dataset: str, verdict: Verdict) -> None:
    """Give the landing column the type, declare it too, and replay the file; good ones go on landing."""
    evolve(land, dataset, verdict)
    assert "declare data_type: varchar for it in the source YAML, deploy, then landfall replay" in verdict.remedy
    land.contracts[dataset] = parse_contract(AS_VARCHAR)
    [good] = land.function().receive(land.put(f"raw/{dataset}/another.csv", b"id,n\n2,2\n"))
    assert good.status is Status.LANDED, good


def declare_as_told(land: Land, dataset: str, verdict: Verdict) -> None:
    """Declare the type that the landing column has, and replay the file."""
    assert "declare data_type: varchar(65535) for it in the source YAML, deploy, then landfall replay" in verdict.remedy
    land.contracts[dataset] = parse_contract(AS_VARCHAR)


def add_columns(land: Land, dataset: str, verdict: Verdict) -> None:
    """Add the new columns one by one, and replay the file."""
    assert "TYPE for each (with --add where it is new)" in verdict.remedy
    assert f"{FREE_STATEMENTS + 1} new (c0 BIGINT, c1 BIGINT, " in (verdict.found or "")
    for number in range(FREE_STATEMENTS + 1):
        change = evolution.plan_change(land.warehouse, dataset, f"c{number}", "bigint", may_add=True)
        evolution.carry_out(land.warehouse, change)


def in_bytes(*values: Any, type_: pa.DataType) -> pa.Table:
    return pa.table({"odd": pa.array(values, type_)})


def written_by(writer: str) -> bytes:
    """Return what a writer has left in `files/`."""
    return (FILES / f"{writer}.parquet").read_bytes()


SMALL = pa.table({"id": pa.array([1], pa.int16())})
FLOAT = pa.table({"id": pa.array([1.5], pa.float32())})
NESTED = parquet(pa.table({"id": [1], "item": [{"a": 1}]}), store_schema=False)
WIDE = pa.table({"id": pa.array([70_000], pa.int32())})
MAP = pa.map_(pa.string(), pa.int64())
MANY = pa.table({"id": [2], **{f"c{number}": [1] for number in range(FREE_STATEMENTS + 1)}})
WALL_CLOCKS = pa.table({"at": pa.array([0], pa.timestamp("us"))})
INSTANTS = pa.table({"at": pa.array([0], pa.timestamp("us", "UTC"))})
CASES: dict[Reason, list[Case]] = {
    Reason.EMPTY_FILE: [Case(b"", write(GOOD))],
    Reason.NOT_PARQUET: [Case(GOOD[: len(GOOD) // 2], write(GOOD))],
    Reason.ENCRYPTED: [Case(GOOD[:-4] + b"PARE", write(GOOD))],
    Reason.CORRUPT_FOOTER: [Case(GOOD[-20:], write(GOOD))],
    Reason.NO_COLUMNS: [Case(pa.table({}), write(ID))],
    Reason.TOO_MANY_COLUMNS: [Case(pa.table({f"c{n}": [1] for n in range(1_595)}), write(pa.table({"c1": [1]})))],
    Reason.INVALID_COLUMN_NAME: [Case(pa.table({"": [1]}), write(pa.table({"n" * 63: [1]})))],
    Reason.RESERVED_COLUMN_NAME: [Case(pa.table({"ctid": [1]}), write(pa.table({"c_tid": [1]})))],
    Reason.DUPLICATE_COLUMN: [Case(pa.table({"a": [1], "A": [2]}), write(pa.table({"a": [1], "a_2": [2]})))],
    Reason.MISSING_KEY_COLUMN: [
        Case(pa.table({"n": [1]}), write(ID), declared={"key": ["id"]}),
        Case(pa.table({"n": [1]}), declare(key=["n"]), declared={"key": ["id"]}),
    ],
    Reason.FOREIGN_FILE: [Case(b"a;b\n1;2\n", write(b"id,n\n1,2\n"), declared=CSV, suffix="csv")],
    Reason.INCOMPATIBLE_TYPE: [
        Case(pa.table({"id": ["x"]}), write(SMALL), before=ID),
        Case(pa.table({"id": ["x"]}), evolve, "judge.schema_refusals.incompatible", before=ID),
        Case(pa.table({"-it's": ["x"]}), evolve, before=pa.table({"-it's": [1]})),
        Case(
            b"id,n\n1,7\n",
            declare_as_told,
            before=pa.table({"id": [1], "n": ["seven"]}),
            declared=CSV,
            suffix="csv",
        ),
    ],
    Reason.SCHEMA_FROZEN: [
        Case(MANY.select(["id", "c1"]), write(MANY.select(["id"])), before=ID, declared={"schema_change": "freeze"}),
        Case(
            MANY.select(["id", "c1"]),
            declare(schema_change="evolve"),
            before=ID,
            declared={"schema_change": "freeze", "columns": [{"name": "id", "data_type": "bigint"}]},
        ),
    ],
    Reason.TABLE_TOO_LARGE_TO_WIDEN: [
        Case(WIDE, evolve, "judge.schema_change._check_change 2", before=SMALL, widen_row_limit=0)
    ],
    Reason.TOO_MANY_NEW_COLUMNS: [Case(MANY, add_columns, before=ID)],
    Reason.OVERSIZE_VALUE: [
        Case(in_bytes("ü" * 40_000, type_=pa.string()), write(in_bytes("ü" * 32_767, type_=pa.string())))
    ],
    Reason.INVALID_TEXT: [
        Case(in_bytes("a\0b", type_=pa.string()), write(in_bytes("ab", type_=pa.string()))),
        Case(in_bytes("a\0b", type_=pa.string()), write(in_bytes(b"a\0b", type_=pa.binary()))),
    ],
    Reason.VALUE_OUT_OF_RANGE: [
        Case(
            in_bytes(Decimal(10) ** 39, type_=pa.decimal256(40, 0)),
            write(in_bytes(Decimal(10) ** 37, type_=pa.decimal256(40, 0))),
        ),
        Case(pa.table({"id": [0.5]}), write(pa.table({"id": [2.0]})), before=ID),
        Case(pa.table({"id": [0.5]}), evolve, "rewrite.numbers._to_exact", before=ID),
        Case(pa.table({"id": [70_000.0]}), evolve, "rewrite.numbers._within", before=SMALL),
        Case(pa.table({"id": [2**24 + 1]}), evolve, "rewrite.numbers._to_floating", before=FLOAT),
        Case(pa.table({"id": [2**53 + 1]}), evolve, before=pa.table({"id": [1.0]})),
        Case(written_by("duckdb_infinity_timestamp"), write(pa.table({"id": [1], "at": pa.nulls(1)}))),
    ],
    Reason.UNSUPPORTED_TYPE: [
        Case(nested(50), write(pa.table({"id": [1], "odd": ["[[1]]"]})), "read.blame._too_deep"),
        Case(nested(50), write(nested(2)), "read.blame._too_deep"),
        Case(with_optional_keys(), write(in_bytes([("a", 1)], type_=MAP)), "read.blame._nesting"),
        Case(with_optional_keys(), write(pa.table({"odd": [[{"key": "a", "value": 1}]]})), "read.blame._nesting"),
        Case(
            written_by("polars_int128"),
            told("cast the column to a decimal", in_bytes(Decimal(2**100), type_=pa.decimal128(38, 0))),
            "read.blame._refused_integer",
        ),
        Case(written_by("polars_int128"), told("or to text", in_bytes(str(2**100), type_=pa.string()))),
        Case(
            written_by("fastparquet_fixed_text"),
            told("with a variable length", pa.table({"code": ["ab"]})),
            "read.blame._contradiction",
        ),
        Case(
            written_by("deltalake_uuid"),
            told("write the column as text", in_bytes("c0ffee00-0000-4000-8000-000000000001", type_=pa.string())),
            "read.blame._arrow_schema",
        ),
        Case(written_by("deltalake_uuid"), told("or plain bytes", in_bytes(b"\xc0\xff\xee", type_=pa.binary()))),
        Case(
            footers.with_empty_group(NESTED, "empty"),
            told("leave the empty struct out", NESTED),
            "read.columns._check",
        ),
    ],
    Reason.MALFORMED_VARIANT: [
        Case(variant_file(primitive(63)), write(variant_file(primitive(1)))),
        Case(variant_file(primitive(63)), write(in_bytes('{"a": 1}', type_=pa.string()))),
    ],
    Reason.INVALID_VALUE: [
        Case(b"id,n\n1,seven\n", write(b"id,n\n1,7\n"), declared=CSV, suffix="csv"),
        Case(
            b"id,n\n1,seven\n",
            declare(**AS_VARCHAR),
            declared=CSV,
            suffix="csv",
        ),
        Case(
            b"id,n\n1,seven\n",
            evolve_and_declare,
            before=pa.table({"id": [1], "n": pa.array([1], pa.int32())}),
            declared=CSV,
            suffix="csv",
        ),
    ],
    Reason.CLOCK_MISMATCH: [
        Case(INSTANTS, declare(wall_clocks={"at": "UTC"}), "judge.clocks._verdict", before=WALL_CLOCKS),
        Case(WALL_CLOCKS, write(INSTANTS), before=INSTANTS),
        Case(WALL_CLOCKS, write(WALL_CLOCKS.rename_columns(["local_at"])), before=INSTANTS),
    ],
    Reason.DUPLICATE_MAP_KEY: [
        Case(in_bytes([("k", 1), ("k", 2)], type_=MAP), write(in_bytes([("k", 1), ("l", 2)], type_=MAP)))
    ],
    Reason.UNREADABLE_DATA: [Case(corrupt_page(), write(GOOD))],
    Reason.ROW_COUNT_MISMATCH: [Case(promising_more_rows(HUNDRED), write(HUNDRED))],
}
# Reasons whose remedies are carried out where their files are made: the file of the test, and its name.
ELSEWHERE = {
    Reason.AMBIGUOUS_FOLDER: (
        "landfall/test_folders.py",
        "test_the_remedy_of_a_refused_folder_lands_its_files_and_settles_their_rejections",
    ),
    Reason.TABLE_FORMAT: ("land/test_table_formats.py", "test_the_declaration_that_a_verdict_proposes_lands_the_file"),
    Reason.OBJECT_IN_THE_WAY: (
        "land/test_object_in_the_way.py",
        "test_a_view_on_a_column_that_must_widen_is_named_and_the_file_lands_once_it_is_dropped",
    ),
    Reason.PARTITION_MISMATCH: (
        "land/test_partitions.py",
        "test_a_folder_that_gives_no_column_or_value_is_refused_with_a_remedy_that_is_true",
    ),
    Reason.INVALID_MANIFEST: (
        "land/test_snapshot_ends.py",
        "test_a_manifest_that_cannot_be_followed_is_rejected_until_one_is_written_as_the_verdict_says",
    ),
    Reason.LEGACY_CALENDAR: (
        "land/test_moments.py",
        "test_moments_of_the_older_calendar_whose_clocks_are_not_known_are_refused",
    ),
    Reason.OVERSIZE_FILE: ("land/test_packed_texts.py", "test_a_bomb_is_a_verdict"),
    Reason.OVERWRITTEN: (
        "land/test_overwritten.py",
        "test_an_object_that_takes_the_place_of_one_that_landed_is_rejected_until_the_bucket_keeps_versions",
    ),
    Reason.CRASHES_READER: (
        "land/test_probe.py",
        "test_a_file_that_ends_its_reader_is_rejected_and_lands_once_another_writer_has_written_it",
    ),
}


def test_every_reason_has_a_remedy_that_is_carried_out() -> None:
    assert set(CASES) | set(ELSEWHERE) == set(Reason)
    for path, name in ELSEWHERE.values():
        assert f"def {name}(" in (TESTS / path).read_text(encoding="utf-8")


def test_every_call_that_words_a_remedy_is_named_by_the_test_that_hears_and_carries_it_out() -> None:
    texts = (ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for path in TESTS.glob("*/**/test_*.py"))
    named = {str(node.value) for nodes in texts for node in nodes if isinstance(node, ast.Constant)}

    assert set(worded_at().values()) - named == set()


@pytest.mark.parametrize(
    ("reason", "case"),
    [pytest.param(reason, case, id=f"{reason}-{n}") for reason, cases in CASES.items() for n, case in enumerate(cases)],
)
def test_who_does_what_a_verdict_says_sees_the_file_land(
    land: Land, worded: list[str], reason: Reason, case: Case
) -> None:
    dataset = new_dataset()
    if case.before is not None:
        land.function().receive(land.put(f"raw/{dataset}/before.parquet", case.before))
    land.contracts[dataset] = parse_contract(dict(case.declared))
    function = land.function(widen_row_limit=case.widen_row_limit)
    file = land.put(f"raw/{dataset}/bad.{case.suffix}", case.bad)

    [outcome] = function.receive(file)

    assert (outcome.status, outcome.reason) == (Status.REJECTED, reason), outcome
    verdict = outcome.verdict
    assert verdict is not None
    assert verdict.found is None or verdict.found != verdict.expected
    assert case.worded in (None, *worded)
    written = case.act(land, dataset, verdict)
    again = file if written is None else land.put(f"raw/{dataset}/good.{case.suffix}", written)

    [outcome] = land.function(widen_row_limit=case.widen_row_limit).receive(again)

    assert outcome.status is Status.LANDED, outcome
