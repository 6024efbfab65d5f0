"""What makes the test processes quick changes no answer."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.quick_drivers import read_once, split, sqlparse_split

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


def test_what_was_read_before_is_not_read_again_and_is_its_readers_own() -> None:
    texts: list[str] = []

    def read(text: str) -> dict[str, Any]:
        texts.append(text)
        return {"of": [text]}

    once = read_once(read)
    once("a")["of"].append("changed by who read it")
    assert [once(text) for text in ("a", "b")] == [{"of": ["a"]}, {"of": ["b"]}]
    assert texts == ["a", "b"]
