"""One word for each thing: what the glossary rules out stands in no document, no help and no message."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from local.home import ROOT
from tests.support.command_line import helps

GLOSSARY = ROOT / "docs" / "glossary.md"
PACKAGES = ("landfall", "ingest_lambda", "transform_lambda", "local")


def rows() -> list[tuple[str, list[str]]]:
    """Read the glossary: each term, and what it is not called."""
    cells = [line.strip("| ").split(" | ") for line in GLOSSARY.read_text(encoding="utf-8").splitlines()]
    return [(row[0], row[2].split(", ")) for row in cells if len(row) == 3 and row[0] != "term"]


RULED_OUT = {word: term for term, words in rows() for word in words}
OF_REDSHIFT = "Target table must be part of an equijoin predicate"  # its own words, which the local one repeats
PATTERN = re.compile(rf"\b({'|'.join(map(re.escape, RULED_OUT))})(s|es)?\b", re.IGNORECASE)


def documents() -> Iterator[tuple[str, str]]:
    """Yield the words of each document; code is not its authors' language."""
    for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]:
        if path == GLOSSARY:
            continue
        for token in MarkdownIt().enable("table").parse(path.read_text(encoding="utf-8")):
            for child in token.children or ():
                if child.type == "text":
                    yield f"{path.relative_to(ROOT)}:{(token.map or [0])[0] + 1}", child.content


def messages() -> Iterator[tuple[str, str]]:
    """Yield the texts in the code that have words in them, docstrings aside."""
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value.replace(OF_REDSHIFT, "")


def found(texts: Iterator[tuple[str, str]]) -> list[str]:
    """Name each place where a word stands that the glossary rules out."""
    hits = ((place, hit[1]) for place, text in texts for hit in PATTERN.finditer(text))
    return [f"{place}: {word!r}, which is called {RULED_OUT[_known(word)]!r}" for place, word in hits]


def _known(word: str) -> str:
    return next(each for each in RULED_OUT if each.lower() == word.lower())


def test_documents_say_it_in_the_glossarys_words() -> None:
    assert found(documents()) == []


def test_help_says_it_in_the_glossarys_words() -> None:
    assert found(helps()) == []


def test_messages_say_it_in_the_glossarys_words() -> None:
    assert found(messages()) == []


def test_every_term_is_used_and_is_ruled_out_by_none() -> None:
    said = " ".join(text for _, text in [*documents(), *helps(), *messages()]).lower()
    terms = [term for term, _ in rows()]
    assert [term for term in terms if term.lower() not in said] == []
    assert [term for term in terms if PATTERN.search(term)] == []
    assert terms == sorted(terms, key=str.lower)


@pytest.mark.parametrize("text", ["of two Data Sets", "The dead letter queue", "was reverted? it was a revert"])
def test_a_word_that_is_ruled_out_is_found(text: str) -> None:
    assert len(found(iter([("here", text)]))) == 1


def test_parts_of_words_are_not_taken_for_words(tmp_path: Path) -> None:
    assert found(iter([(str(tmp_path), "the offset, irreversible, DWHX")])) == []
