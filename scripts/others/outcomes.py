"""What became of each test of a suite, held to a checked-in list of those that cannot pass.

In: the outcomes of one run, and `expected/<suite>.tsv`: test, kind, page, reason, separated by tabs. Kinds: `failed`
(the local Redshift does not do it), `excluded` (what the test needs is outside of what a local Redshift is for; a page
of a documentation says what it is), `skipped` (the suite itself skips it wherever it runs). Out: a verdict, and figures
whose denominator is the suite's number of tests at the pinned commit, less only what the suite skips itself.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("failed", "excluded", "skipped")
STATUSES = ("passed", "failed", "skipped")
# Exclusions beyond this share of the tests count as failures: an exclusion is an exception.
EXCLUDED_SHARE = 0.03


class ListError(Exception):
    """A list of expected outcomes that cannot be used: names the file, the line and what to write."""


@dataclass(frozen=True)
class Outcome:
    """What became of one test: passed, failed or skipped, and the last line of why."""

    test: str
    status: str
    why: str = ""


@dataclass(frozen=True)
class Listed:
    """A row of the list: a test that cannot pass, and why."""

    test: str
    kind: str
    page: str
    reason: str


@dataclass
class Verdict:
    """A run beside its list. Each field of tests names them; a run is as expected where the surprises are empty."""

    tests: int
    passed: int = 0
    failed: int = 0
    excluded: int = 0
    skipped: int = 0
    newly_failing: list[Outcome] = field(default_factory=list)
    newly_passing: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def is_as_expected(self) -> bool:
        """Tell whether nothing failed that is not listed, and nothing that is listed passed or was not found."""
        return not (self.newly_failing or self.newly_passing or self.missing)

    @property
    def share(self) -> float:
        """Return the share, 0 to 1, that passed; exclusions above EXCLUDED_SHARE of all tests count as failed."""
        ran = self.tests - self.skipped
        left_out = min(self.excluded, int(ran * EXCLUDED_SHARE))
        return self.passed / (ran - left_out) if ran > left_out else 1.0


def read_list(path: Path) -> list[Listed]:
    """Read a list of expected outcomes; a missing file is an empty one.

    Raises:
        ListError: a row that has not four fields, another kind, no reason, a test twice; an exclusion without a page.
    """
    if not path.exists():
        return []
    found: dict[str, Listed] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for line, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
            if not row or row[0].startswith("#"):
                continue
            if fault := _fault(row, found):
                raise ListError(f"{path}, line {line}: {fault}")
            found[row[0]] = Listed(*row)
    return list(found.values())


def _fault(row: Sequence[str], found: dict[str, Listed]) -> str:
    if len(row) != 4:
        return f"{len(row)} fields. Write test, kind, page and reason, separated by tabs."
    test, kind, page, reason = row
    if kind not in KINDS:
        return f"the kind {kind!r} of {test}. Write one of {', '.join(KINDS)}."
    if not reason.strip():
        return f"{test} has no reason. Write what it needs that there is not."
    if kind == "excluded" and not page.startswith("https://"):
        return f"{test} is excluded without a page. Write the address of the documentation, or say `failed`."
    if test in found:
        return f"{test} is listed twice. Keep one row."
    return ""


def judge(outcomes: Iterable[Outcome], listed: Sequence[Listed], tests: int | None) -> Verdict:
    """Hold a run to its list.

    Args:
        outcomes: one for each test that ran.
        listed: the rows of the list.
        tests: how many tests the suite has at its commit; None for a run of some of them, of which the list is
            not asked for more than what ran.

    >>> judge([Outcome("a", "passed"), Outcome("b", "failed", "no b")], [], 2).newly_failing
    [Outcome(test='b', status='failed', why='no b')]
    >>> judge([Outcome("a", "passed")], [Listed("a", "failed", "", "no a")], 1).newly_passing
    ['a']
    """
    ran = {outcome.test: outcome for outcome in outcomes}
    expected = {row.test: row for row in listed}
    verdict = Verdict(len(ran) if tests is None else tests)
    for test, outcome in ran.items():
        row = expected.get(test)
        if outcome.status == "passed":
            verdict.passed += 1
            if row:
                verdict.newly_passing.append(test)
        elif row is None or (row.kind == "skipped" and outcome.status != "skipped"):
            verdict.failed += 1
            verdict.newly_failing.append(outcome)
        else:
            setattr(verdict, row.kind, getattr(verdict, row.kind) + 1)
            verdict.reasons[row.reason] = verdict.reasons.get(row.reason, 0) + 1
    if tests is not None:
        verdict.missing = sorted(set(expected) - set(ran))
        if len(ran) != tests:
            verdict.missing.append(f"{len(ran)} tests ran where the suite has {tests}")
    return verdict
