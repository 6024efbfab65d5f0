"""What the person does who reads a verdict: the command that its remedy spells."""

import re
import shlex

from ingest_lambda.judge.verdict import Verdict
from landfall.operate import evolution
from tests.land.warehouse import Land


def evolve(land: Land, dataset: str, verdict: Verdict) -> None:
    """Carry out the `landfall evolve` of a remedy, as it is spelt; the file is to be replayed then."""
    spelt = re.search(r"landfall evolve (.+?), then landfall replay the file", verdict.remedy)
    assert spelt is not None, verdict.remedy
    name, column, type_, *options = shlex.split(spelt[1])
    assert (name, set(options) <= {"--add"}) == (dataset, True), verdict.remedy
    change = evolution.plan_change(land.warehouse, dataset, column, type_, may_add="--add" in options)
    assert change.outcome is not evolution.Outcome.UNCHANGED, "a command that has nothing to do is no remedy"
    evolution.carry_out(land.warehouse, change)
