"""Statements are remembered by the thousand while they are short; of long ones the last is. Pure."""

from __future__ import annotations

import gc
import tracemalloc

from local.redshift.history import query_type, reads_history
from local.redshift.name_case import with_folded_names
from local.redshift.remembering import SHORT
from local.redshift.rewrite import needs_of, rewrite
from local.redshift.statement_secrets import without_secrets


def test_what_was_made_of_long_statements_is_let_go() -> None:
    def bytes_held_behind(numbers: range) -> int:
        for number in numbers:
            sql = f"""select '{number}{"x" * SHORT}' as "A" """
            named = with_folded_names(sql)
            assert named is not None
            assert str(number) in rewrite(named, written=sql)
            assert needs_of(named) is not None
            assert (query_type(sql), reads_history(sql), without_secrets(sql)) == ("SELECT", False, sql)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        bytes_held_behind(range(3))
        before = bytes_held_behind(range(3, 5))
        assert bytes_held_behind(range(5, 25)) - before < 5 * SHORT
    finally:
        tracemalloc.stop()


def test_a_short_statement_is_translated_once() -> None:
    sql = "select 1 as of_this_test_alone"
    assert rewrite(sql) is rewrite(sql)
