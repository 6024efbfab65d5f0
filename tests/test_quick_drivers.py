"""What makes the test processes quick changes no answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer import testing
from typer.main import get_command
from typer.testing import CliRunner

from landfall.app import build
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


def test_a_command_line_that_was_made_before_answers_like_a_new_one() -> None:
    lines = (["size", "--help"], ["size", "--no-such-option"], ["size", "--help"], ["no-such-command"], ["plan"])
    kept = [CliRunner().invoke(build(), line) for line in lines]
    assert testing._get_command(build()) is testing._get_command(build())  # type: ignore[attr-defined]  # unlisted
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(testing, "_get_command", get_command)
        anew = [CliRunner().invoke(build.__wrapped__(), line) for line in lines]
    assert [(each.exit_code, each.output) for each in kept] == [(each.exit_code, each.output) for each in anew]
    assert [each.exit_code for each in kept] == [0, 2, 0, 2, 2]
