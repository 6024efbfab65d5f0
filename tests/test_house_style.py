"""What makes the lint of the tests quick finds what sqlfluff finds."""

import pytest
from sqlfluff.core import FluffConfig, Linter
from sqlfluff.core.rules.crawlers import SegmentSeekerCrawler
from sqlfluff.utils.reflow.depthmap import StackPosition
from sqlfluff.utils.reflow.sequence import ReflowSequence

from local.home import ROOT
from tests.support import quick_sqlfluff

WELL = "select\n    a,\n    b\nfrom t\n"
FILES = [
    WELL,
    "select a ,b  from t\n",
    "select\n  a,\n        b\nfrom t where a=1 and b = 2\n",
    "with n as (select a from t\n), m as (select b from u)\nselect n.a, m.b from n join m on n.a = m.b\n",
    "select first_column_of_many, second_column_of_many, third_column_of_many, fourth_column_of_many from t\n",
    'SELECT Distinct(a), Count(*) AS n, Null, \'x\'::VARCHAR(3), "a" FROM s.T x WHERE a = "b" GROUP BY 1, b;;\n',
    "select t.a, b, c as c, (case when a then 1 else null end) from t, u where not a <> 1 order by a desc, b\n",
    "select a from (select a from t union select a from u) left join v on v.a = t.a -- noqa: ST05\n\n\n",
    "select a from t where (select max(b) from u where u.c = (select d from w)) in (1,2 , 3) limit 1",
    "insert into t select * from u;\nupdate t set A = 1 where exists (select 1 from u u where t.a=u.a)\n",
    "select a from where from\n",
    "select coalesce(a, 1) frmo t order; select a  from t\n",
]
PATCHED = ((ReflowSequence, "from_root"), (SegmentSeekerCrawler, "crawl"), (StackPosition, "from_path_step"))


def found() -> list[list[tuple[str, int, int, str]]]:
    """Lint the files by all rules, and once more; return rule, line, place and words of what is found in each."""
    config = FluffConfig.from_path(str(ROOT), overrides={"templater": "raw", "exclude_rules": ""})
    linter = Linter(config=config)
    linted = [linter.lint_string(sql).violations for sql in (*FILES, *FILES)]
    return [[(each.rule_code(), each.line_no, each.line_pos, each.desc()) for each in of_file] for of_file in linted]


def test_the_same_is_found_at_the_same_places(monkeypatch: pytest.MonkeyPatch) -> None:
    stock = found()
    for owner, name in PATCHED:
        monkeypatch.setattr(owner, name, getattr(owner, name))  # which is undone at the end
    quick_sqlfluff.quicken()
    assert found() == stock
    assert [bool(of_file) for of_file in stock] == [sql != WELL for sql in (*FILES, *FILES)]
    assert len({rule for of_file in stock for rule, *_ in of_file}) >= 20
