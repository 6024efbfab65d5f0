"""ALERT: whatever tells somebody to look into the runbook names a section that is there."""

import json
import re

import pytest

from local.home import ROOT
from tests.alert.test_transform_messages import run, text_of

SECTIONS = set(re.findall(r"^## (.+)$", (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE))
REFERENCE = re.compile(r"docs/runbook\.md#([a-z][\w-]*)")
PLACES = [
    *(ROOT / "transform_lambda").glob("*.py"),
    *(ROOT / "ingest_lambda").rglob("*.py"),
    *(ROOT / "infra" / "cloudformation").glob("*.*"),
]


def test_every_section_that_code_and_templates_name_is_there() -> None:
    named = {section for place in PLACES for section in REFERENCE.findall(place.read_text(encoding="utf-8"))}
    assert {"stale", "transform-broke", "schedule-missed"} <= named
    assert named <= SECTIONS


@pytest.mark.parametrize("outcome", ["succeeded", "gate_failed", "error"])
def test_every_outcome_s_message_names_its_section(outcome: str) -> None:
    (section,) = REFERENCE.findall(text_of(run(outcome)))
    assert section in SECTIONS


def test_what_the_state_machine_tells_when_it_breaks_names_its_section() -> None:
    definition = json.loads((ROOT / "infra" / "cloudformation" / "transform.asl.json").read_text(encoding="utf-8"))
    told = definition["States"]["TellFailure"]["Arguments"]["Message"]
    assert set(REFERENCE.findall(told)) == {"transform-broke"}
