"""A manifest that is kept is given only where the same would be parsed again: same project, parsers and names."""

from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support import parses
from tests.support.parses import PROJECT, place_of

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
