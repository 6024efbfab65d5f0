"""`landfall docs`: a browser opens for people, and for nobody else. That the page is whole: tests/end_to_end."""

import sys
import webbrowser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest_lambda.errors import ConfigError
from landfall import environment
from landfall.app import build
from landfall.commands import docs as command
from landfall.operate import docs


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was asked to open; dbt, which the end-to-end test runs, is left out."""
    addresses: list[str] = []
    monkeypatch.setattr(environment, "complete", lambda: None)
    monkeypatch.setattr(docs, "generate", lambda folder: Path(folder) / "index.html")

    def browser(address: str) -> bool:
        addresses.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", browser)
    return addresses


@pytest.mark.parametrize(("arguments", "is_opened"), [([], False), (["--open"], True), (["--open", "--json"], True)])
def test_a_browser_opens_when_asked_and_not_where_nobody_watches(
    opened: list[str], tmp_path: Path, arguments: list[str], is_opened: bool
) -> None:
    done = CliRunner().invoke(build(), ["docs", "--output", str(tmp_path), *arguments])
    assert done.exit_code == 0, done.output
    assert opened == [(tmp_path / "index.html").as_uri()] * is_opened


def test_a_browser_opens_for_who_sits_at_a_terminal_unless_told_not_to(
    opened: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    command.docs(tmp_path, None, False)
    assert len(opened) == 1
    command.docs(tmp_path, False, False)
    command.docs(tmp_path, None, True)
    assert len(opened) == 1


def test_what_dbt_cannot_read_is_said_in_its_words_and_leaves_no_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "dbt_project.yml").write_text("name: [broken")
    monkeypatch.setattr(docs, "ROOT", project)
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "dbt" / "target"))
    with pytest.raises(ConfigError, match=r"dbt docs generate failed: (?s:.*)Syntax error near line 2"):
        docs.generate(tmp_path / "page")
    assert not (tmp_path / "page").exists()
