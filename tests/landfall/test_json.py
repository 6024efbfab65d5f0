"""Every command that answers has --json, a schema of what it prints, and a line in docs/json.md."""

import json
import re

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # jsonschema ships no types
from typer.testing import CliRunner

from ingest_lambda.load.outcomes import Status
from landfall.app import build
from local.home import ROOT
from tests.support import json_schemas
from tests.support.command_line import commands, options

# What prints lines for a shell is no answer.
WITHOUT = {"local-env"}
PAGE = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")


NAMES = {"-".join(words): command for words, command in commands().items()}
ANSWERING = sorted(name for name, command in NAMES.items() if "--json" in options(command))


def test_every_command_has_the_option() -> None:
    assert set(NAMES) - set(ANSWERING) == WITHOUT


def test_every_command_has_a_schema() -> None:
    assert [name for name in ANSWERING if not json_schemas.path_of(name).exists()] == []


@pytest.mark.parametrize("name", ANSWERING)
def test_a_schema_is_one_says_its_version_and_is_listed(name: str) -> None:
    schema = json_schemas.schema(name)
    Draft202012Validator.check_schema(schema)
    version = re.fullmatch(rf"urn:landfall:json:{name}:(\d+)", schema["$id"])
    assert version, schema["$id"]
    said = schema["title"].partition("--json: ")[2]
    command = f"landfall {' '.join(name.split('-', 1)) if name.startswith('local-') else name}"
    assert f"| `{command}` | [{version[1]}](../landfall/schemas/{name}.json) | {said} |\n" in PAGE


def test_what_a_schema_does_not_mention_fails_the_tests() -> None:
    queue = {"visible": 0, "in_flight": 0, "dead_lettered": 0}
    said = {"datasets": [], "queue": queue, "paused": False, "waiting": [], "gaps": [], "owed_refresh_since": None}
    assert json_schemas.read(["status", "--json"], json.dumps(said)) == said
    for wrong in ({**said, "more": 1}, {**said, "queue": {**queue, "more": 1}}, {**said, "paused": "no"}):
        with pytest.raises(AssertionError):
            json_schemas.read(["status", "--json"], json.dumps(wrong))


@pytest.mark.parametrize("name", ["upload", "replay"])
def test_every_end_that_a_file_can_meet_is_in_the_schemas_of_what_waits_for_it(name: str) -> None:
    said = outcomes(json_schemas.schema(name))
    ends = {status.value for status in Status} - {Status.RETRIED}
    assert said
    assert [ends - each for each in said] == [set()] * len(said)


def outcomes(part: object) -> list[set[str | None]]:
    """Gather what may stand under each `outcome` of a schema."""
    if isinstance(part, list):
        return [found for each in part for found in outcomes(each)]
    if not isinstance(part, dict):
        return []
    own = [set(part["outcome"]["enum"])] if isinstance(part.get("outcome"), dict) and "enum" in part["outcome"] else []
    return own + [found for each in part.values() for found in outcomes(each)]


def test_a_failure_prints_no_json() -> None:
    done = CliRunner().invoke(build(), ["new-dataset", "none", "--from", "none.parquet", "--key", "id", "--json"])
    assert (done.stdout, type(done.exception).__name__) == ("", "ConfigError")
