"""What makes the lint of the tests quick finds what sqlfluff finds."""

import pytest
from sqlfluff.core import FluffConfig, Linter
from sqlfluff.utils.reflow.sequence import ReflowSequence

from local.home import ROOT
from tests.support.house_style import share_sequences

WELL = "select\n    a,\n    b\nfrom t\n"
FILES = [
    WELL,
    "select a ,b  from t\n",
    "select\n  a,\n        b\nfrom t where a=1 and b = 2\n",
    "with n as (select a from t\n), m as (select b from u)\nselect n.a, m.b from n join m on n.a = m.b\n",
    "select first_column_of_many, second_column_of_many, third_column_of_many, fourth_column_of_many from t\n",
]


def found() -> list[list[tuple[str, int, int, str]]]:
    """Lint the files, and once more; return rule, line, place and words of what is found in each."""
    linter = Linter(config=FluffConfig.from_path(str(ROOT), overrides={"templater": "raw"}))
    linted = [linter.lint_string(sql).violations for sql in (*FILES, *FILES)]
    return [[(each.rule_code(), each.line_no, each.line_pos, each.desc()) for each in of_file] for of_file in linted]


def test_the_same_is_found_at_the_same_places(monkeypatch: pytest.MonkeyPatch) -> None:
    stock = found()
    monkeypatch.setattr(ReflowSequence, "from_root", ReflowSequence.from_root)  # which is undone at the end
    share_sequences()
    assert found() == stock
    assert [bool(of_file) for of_file in stock] == [sql != WELL for sql in (*FILES, *FILES)]
