"""Operator's SQL: few statements, each under the Data API's limit, whatever the names."""

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.warehouse.statements import MAX_STATEMENT_BYTES, size_of
from landfall.operate.statements import bookkeeping

Builder = Callable[[Sequence[str]], list[str]]

names = st.from_regex(r"[a-z][a-z0-9_]{0,99}", fullmatch=True)
BUILDERS: list[Builder] = [
    bookkeeping.select_totals,
    bookkeeping.select_landed_files,
    lambda datasets: bookkeeping.select_versions(datasets, "bucket", "raw/it's/" + "x" * 900),
]


@given(st.lists(names, max_size=60), st.sampled_from(BUILDERS), st.integers(1, 30))
def test_every_dataset_is_asked_once_and_no_statement_is_too_long(
    datasets: list[str], build: Builder, times: int
) -> None:
    asked = [f"{name}" for name in datasets] * times
    sqls = build(asked)
    assert all(size_of(sql) <= MAX_STATEMENT_BYTES for sql in sqls)
    assert sum(sql.count(" from ledger.") for sql in sqls) == len(asked)


def test_rejections_of_many_datasets_are_counted_in_statements_that_are_short_enough() -> None:
    for length in range(1, 90):  # so that some fill a statement to its last bytes
        sqls = bookkeeping.select_rejected_totals([f"{'d' * length}{number:04d}" for number in range(400)])
        assert all(size_of(sql) <= MAX_STATEMENT_BYTES for sql in sqls)


def test_a_few_datasets_are_one_statement() -> None:
    assert len(bookkeeping.select_totals([f"dataset_{number}" for number in range(100)])) == 1


def test_no_dataset_is_no_statement() -> None:
    assert bookkeeping.select_landed_files([]) == []


def test_tables_that_are_no_datasets_are_left_out() -> None:
    assert bookkeeping.select_totals(["_backup", "Orders; drop"]) == []
