"""The drawing of how a statement travels names modules that there are, and each folder of the translation."""

import re

from local.home import ROOT

FRONT = ROOT / "local" / "redshift"
PAGE = (ROOT / "docs" / "decisions" / "0001-local-redshift.md").read_text(encoding="utf-8")
PATH = re.compile(r"(?<![\w/])(?:sql/)?\w+(?:\.py|\.tsv|/)(?!\w)")


def drawing(page: str) -> str:
    return page.split("### How a statement travels")[1].split("```")[1]


def missing(text: str) -> list[str]:
    """Name the files and folders of a text that the front has not, nor its translation in any folder."""
    known = {path.name for path in [*FRONT.glob("*.py"), *(FRONT / "sql").rglob("*")]}
    return [found for found in PATH.findall(text) if not (FRONT / found).exists() and found.rstrip("/") not in known]


def test_the_drawing_names_what_there_is() -> None:
    assert missing(drawing(PAGE)) == []
    assert len(PATH.findall(drawing(PAGE))) > 20


def test_a_module_that_is_gone_is_told() -> None:
    assert missing("sql/parse/ then wire.py and parse_query.py") == ["parse_query.py"]


def test_the_drawing_names_every_folder_of_the_translation() -> None:
    folders = {path.parent.name for path in (FRONT / "sql").glob("*/__init__.py")}

    assert folders
    assert {folder for folder in folders if f"sql/{folder}/" not in drawing(PAGE)} == set()
