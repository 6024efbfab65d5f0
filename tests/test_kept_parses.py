"""A parse that is kept is given to a dbt that has none, and only where its project and profile are the same."""

from pathlib import Path

import pytest

from local.home import ROOT
from tests.support import kept_parses
from tests.support.kept_parses import PARSE, give, msgpack_of

THERE = {"LANDFALL_REDSHIFT_DATABASE": "here", "LANDFALL_REDSHIFT_USER": "me", "LANDFALL_REDSHIFT_PORT": "1"}


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A parse of this checkout's project, by a user of one database."""
    monkeypatch.setattr(kept_parses, "KEPT", tmp_path / "parses")
    path = msgpack_of(ROOT, THERE)
    path.parent.mkdir()
    path.write_bytes(b"parsed")
    return path


def test_a_kept_parse_is_given_wherever_the_warehouse_is_and_never_over_another(kept: Path, tmp_path: Path) -> None:
    target = tmp_path / "dbt" / "target"
    give(target, THERE | {"LANDFALL_REDSHIFT_PORT": "2"})
    assert (target / PARSE).read_bytes() == kept.read_bytes()
    (target / PARSE).write_bytes(b"of its own")
    give(target, THERE)
    assert (target / PARSE).read_bytes() == b"of its own"
    assert [path.name for path in target.iterdir()] == [PARSE]


@pytest.mark.parametrize("other", [{"LANDFALL_REDSHIFT_DATABASE": "there"}, {"LANDFALL_SCHEMA_PREFIX": "mine_"}])
def test_a_parse_whose_nodes_are_of_another_database_or_schema_is_not_given(
    kept: Path, tmp_path: Path, other: dict[str, str]
) -> None:
    assert kept.exists()
    give(tmp_path / "target", THERE | other)
    assert not (tmp_path / "target").exists()


def test_a_project_that_differs_in_a_file_is_another_one(kept: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in kept_parses.PROJECT:
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("a: 1\n")
    before = msgpack_of(project, THERE)
    assert before == msgpack_of(project, THERE) != kept
    (project / "profiles.yml").write_text("a: 2\n")
    assert before != msgpack_of(project, THERE)
