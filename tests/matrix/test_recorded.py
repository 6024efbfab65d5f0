"""docs/producers.md says what the matrix found, and the matrix found what its writers pin."""

import re

from tests.matrix.deviations import DEVIATIONS
from tests.matrix.document import section, written
from tests.matrix.results import RESULTS, read_results

PINNED = re.compile(r"^([a-z0-9-]+)(?:\[[a-z-]+\])?==(\S+)", re.MULTILINE)


def test_the_page_says_what_the_matrix_found() -> None:
    assert written() == section(read_results())


def test_the_versions_are_those_that_are_pinned() -> None:
    pinned = dict(PINNED.findall(RESULTS.with_name("requirements.txt").read_text(encoding="utf-8")))
    of_npm = RESULTS.with_name("package.json").read_text(encoding="utf-8")

    for one in read_results():
        assert pinned.get(one.writer) == one.version or f'"{one.writer}": "{one.version}"' in of_npm, one


def test_every_deviation_is_one_that_was_found() -> None:
    differing = {(one.writer, one.type) for one in read_results() if one.outcome == "differs"}

    assert differing == DEVIATIONS.keys()
