"""SQL text: quoting holds for any text, and no statement outgrows the Data API."""

import re
from typing import Any

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.names import landing_names
from ingest_lambda.judge.verdict import verdict_of
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.reasons import Reason
from ingest_lambda.tell.quarantine import rejection_row
from ingest_lambda.warehouse import ddl, rejections, statements
from ingest_lambda.warehouse.sqltypes import BIGINT, DOUBLE, REAL, VARCHAR, decimal, parse_type
from ingest_lambda.warehouse.statements import Column, Stage, Target, Widening
from tests.land.warehouse import Land

LOAD_ID = "0" * 32
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300)
HOSTILE = st.text(st.sampled_from("ab'\"\\;-/* \n:%${}$é😀"), max_size=60)
NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=127).filter(
    lambda name: len(name.encode()) <= 127 and name.isprintable()
)


def value_of(expression: Any) -> str:
    """Evaluate a concatenation of literals and chr()."""
    if isinstance(expression, exp.DPipe):
        return value_of(expression.left) + value_of(expression.right)
    if isinstance(expression, exp.Chr):
        return chr(int(expression.expressions[0].this))
    assert isinstance(expression, exp.Literal)
    return str(expression.this)


@given(TEXT | HOSTILE)
def test_a_literal_reads_back_as_its_text(text: str) -> None:
    quoted = statements.literal(text)

    assert value_of(sqlglot.parse_one(f"select {quoted}", read="postgres").expressions[0]) == text
    assert "\\" not in quoted


def test_the_warehouse_reads_a_literal_as_its_text(land: Land) -> None:
    with land.warehouse.session() as session:

        @settings(max_examples=40, deadline=None)
        @given(TEXT | HOSTILE)
        def reads_back(text: str) -> None:
            assert session.query(f"select {statements.literal(text)} as said") == [{"said": text}]

        reads_back()


def test_a_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        statements.literal("a\0b")


@given(NAMES | HOSTILE)
def test_an_identifier_is_one_token_or_refused(name: str) -> None:
    try:
        quoted = statements.identifier(name)
    except ValueError:
        assert not name or not name.isprintable() or len(name.encode()) > 127
        return
    [token] = sqlglot.tokenize(quoted, read="redshift")
    assert token.token_type.name == "IDENTIFIER"
    assert token.text == statements.fold_case(name)


@pytest.mark.parametrize("name", ["", "x" * 128, "a\nb", "a\0b", "a\u200bb", "\ud800"])
def test_a_name_that_no_column_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be an identifier"):
        statements.identifier(name)


@pytest.mark.parametrize("dataset", ["", "Orders", "a b", 'a"b', "a;b", "1a", "a.b", "x" * 101, "é"])
def test_a_dataset_of_another_name_is_refused_in_every_statement(dataset: str) -> None:
    with pytest.raises(ValueError, match="no dataset name"):
        statements.table("landing", dataset)


@pytest.mark.parametrize(
    ("uri", "role"),
    [
        ("s3://bucket/it's", "arn:aws:iam::123456789012:role/copy"),
        ("s3://bucket/a b", "arn:aws:iam::123456789012:role/copy"),
        ("s3://bucket/a", "arn:aws:iam::123456789012:role/co'py"),
    ],
)
def test_a_copy_of_an_unsafe_place_is_refused(uri: str, role: str) -> None:
    with pytest.raises(ValueError, match="unsafe"):
        statements.copy_parquet("stage", uri, role)


def test_a_copy_has_only_parameters_that_copy_takes_for_parquet() -> None:
    copy = statements.copy_parquet("stage", "s3://bucket/a.manifest", "arn:aws:iam::123456789012:role/copy")

    words = re.sub(r"'[^']*'|\"[^\"]*\"", "", copy).upper().split()
    assert set(words) <= {"COPY", "FROM", "IAM_ROLE", "FORMAT", "AS", "PARQUET", "MANIFEST"}


@given(
    key=st.text(st.characters(codec="utf-8"), min_size=1, max_size=1000).filter(lambda key: len(key.encode()) <= 1024),
    detail=st.text(max_size=5_000),
    column=st.text(max_size=5_000),
)
@settings(max_examples=50)
def test_the_facts_of_a_rejection_fit_their_columns(key: str, detail: str, column: str) -> None:
    file = FileVersion("b" * 63, key, "v" * 100)
    error = RejectedFileError(Reason.UNREADABLE_DATA, detail, column=column, found=detail, expected=column)
    outcome = FileOutcome(file, Status.REJECTED, "d" * 100, verdict=verdict_of(error, file, "d" * 100))

    row = rejection_row(0, outcome)

    for name, type_ in rejections.REJECTION_FACTS:
        assert len(str(row[name]).encode()) <= parse_type(type_).arguments[0]
    assert list(row) == [name for name, _ in rejections.STAGED_REJECTION]


@given(st.lists(NAMES, min_size=1, max_size=5, unique_by=statements.fold_case), st.booleans())
def test_an_insert_names_each_column_once_and_takes_it_from_its_position(names: list[str], numbered: bool) -> None:
    try:
        landing = landing_names(names)
    except RejectedFileError:
        return
    targets = [Target(name, f"staged.c{position}") for position, name in enumerate(landing, start=1)]
    stage = Stage("stage", (BIGINT,) * len(names), numbered)
    sql = statements.insert_rows("orders", LOAD_ID, stage, "files", targets)

    insert = sqlglot.parse_one(sql, read="redshift")
    named = [column.name for column in insert.this.expressions]
    values = [value.sql() for value in insert.expression.expressions]
    assert named[: len(names)] == landing
    assert values[: len(names)] == [f"staged.c{position}" for position in range(1, len(names) + 1)]
    assert len(named) == len(values)


def test_the_ddl_of_a_dataset_is_redshifts() -> None:
    columns = [Column("order", BIGINT), Column("name", VARCHAR)]
    for statement in (
        ddl.create_landing("orders", columns),
        ddl.create_ledger("orders"),
        ddl.create_lock("orders"),
        ddl.add_column("orders", columns[0]),
        *ddl.check_types("orders", columns),
        *ddl.widen_columns("orders", [Widening("order", BIGINT, decimal(20, 0)), Widening("n", REAL, DOUBLE)]),
        statements.insert_ledger("orders", LOAD_ID, "files", records_paths=True),
        statements.select_outcomes("orders", "files"),
        *(statements.select_miscounted(Stage("s", (), numbered), "files") for numbered in (False, True)),
        rejections.create_rejection_stage("s"),
        rejections.select_unrecorded("s"),
        rejections.record_rejections("s"),
    ):
        assert sqlglot.parse_one(statement, read="redshift") is not None
