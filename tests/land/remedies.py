"""What the person does who reads a verdict: the command that its remedy spells."""

import re
import shlex

import typer
from typer.core import TyperGroup

from ingest_lambda.judge.verdict import Verdict
from landfall.app import build
from landfall.operate import evolution
from tests.land.warehouse import Land


def evolve(land: Land, dataset: str, verdict: Verdict) -> None:
    """Carry out the `landfall evolve` of a remedy, as the command line reads it; the file is to be replayed then."""
    spelt = re.search(r"landfall evolve (.+?), then landfall replay the file", verdict.remedy)
    assert spelt is not None, verdict.remedy
    commands = typer.main.get_command(build())
    assert isinstance(commands, TyperGroup)
    said = commands.commands["evolve"].make_context("evolve", shlex.split(spelt[1])).params
    assert said["dataset"] == dataset
    change = evolution.plan_change(land.warehouse, dataset, said["column"], said["type_"], may_add=said["may_add"])
    assert change.outcome is not evolution.Outcome.UNCHANGED, "a command that has nothing to do is no remedy"
    evolution.carry_out(land.warehouse, change)
