"""What makes the test processes quick changes no answer."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.quick_drivers import split, sqlparse_split

PIECES = [
    "select 1",
    "begin",
    "end",
    "case when",
    ";",
    "\n",
    "\r\n",
    " ",
    "/* a */",
    "-- b\n",
    "'it''s'",
    "$$",
    "(",
    "'",
]


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), st.booleans())
def test_statements_are_split_as_sqlparse_splits_them(sql: str, strip_semicolon: bool) -> None:
    assert split(sql, None, strip_semicolon) == sqlparse_split(sql, None, strip_semicolon)
