"""A manifest that is kept is given only where the same would be parsed again: same project, parsers and names.

dbt comes to the same of a project whether it parses all of it or goes on from this checkout's.
"""

import json
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from dbt.contracts.graph.manifest import Manifest

from landfall.deploy.bootstrap import Login
from local.home import ROOT
from tests.support import parses
from tests.support.model_warehouse import dbt_environment, parsed
from tests.support.parses import PROJECT, manifest_of, on_from, place_of
from tests.support.snapshots import snapshot_project

HERE = {"LANDFALL_REDSHIFT_DATABASE": "here", "LANDFALL_REDSHIFT_USER": "me", "LANDFALL_REDSHIFT_PORT": "1"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of four files, beside a folder of shortcuts."""
    for name in (*PROJECT, "ours/quick_parse.py", "ours/build.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a: 1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("said", "same"),
    [
        ({"LANDFALL_REDSHIFT_PORT": "2"}, True),
        ({"LANDFALL_REDSHIFT_DATABASE": "there"}, False),
        ({"LANDFALL_SCHEMA_PREFIX": "mine_"}, False),
    ],
)
def test_nodes_of_another_database_or_schema_are_others(project: Path, said: dict[str, str], same: bool) -> None:
    assert (place_of(project, HERE | said) == place_of(project, HERE)) is same


@pytest.mark.parametrize(
    ("changed", "same"), [("profiles.yml", False), ("ours/quick_parse.py", False), ("ours/build.py", True)]
)
def test_a_project_or_a_shortcut_that_differs_in_a_file_is_another(project: Path, changed: str, same: bool) -> None:
    before = place_of(project, HERE, project / "ours")
    (project / changed).write_text("a: 2\n")
    assert (place_of(project, HERE, project / "ours") == before) is same


@pytest.mark.parametrize("parser", ["dbt-core", "dbt-adapters", "dbt-common", "dbt-postgres", "Jinja2", "mashumaro"])
def test_another_release_of_what_parses_is_another(project: Path, monkeypatch: pytest.MonkeyPatch, parser: str) -> None:
    before = place_of(project, HERE)
    monkeypatch.setattr(parses, "version", lambda name: "other" if name == parser else version(name))
    assert place_of(project, HERE) != before


def test_what_dbt_parses_on_from_this_checkouts_project_is_what_it_parses_of_the_whole(tmp_path: Path) -> None:
    def environment(project: Path, run: str) -> Mapping[str, str]:
        facts = {"host": "nowhere", "wire_port": 1, "database": "landfall"}
        return dbt_environment(facts, Login("landfall_transformer", "none"), tmp_path / run, project)

    project = snapshot_project(tmp_path / "project")
    with (project / "macros/model/business_time.sql").open("a") as macro:
        macro.write("{# another #}\n")
    manifest_of(ROOT, environment(ROOT, "root"), parsed)
    whole = parsed(environment(project, "whole"))
    on = {**environment(project, "on"), **on_from(project, environment(project, "on"))}
    assert comparable(parsed(on)) == comparable(whole)
    log = (tmp_path / "on" / "logs" / "dbt.log").read_text(encoding="utf-8")
    assert re.search(r"Partial parsing enabled: 0 files deleted, \d+ files added, 1 files changed", log)


def comparable(manifest: Manifest) -> Any:
    """Return all that a manifest says but when it was made, its members in no order."""
    said = manifest.writable_manifest().to_dict(omit_none=False)
    groups = {name: sorted(members) for name, members in said.pop("group_map").items()}
    times = {"created_at", "generated_at", "invocation_started_at", "run_started_at", "invocation_id"}
    text = json.dumps(said, default=str)
    kept = json.loads(text, object_pairs_hook=lambda pairs: {name: value for name, value in pairs if name not in times})
    return kept, groups
