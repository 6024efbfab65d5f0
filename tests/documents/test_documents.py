"""Every command of every document runs here and prints what is shown, or says why it cannot."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from landfall.new_dataset.columns import RESERVED_WORDS
from local.home import ROOT
from scripts.contracts import from_document
from tests.documents.blocks import COMMANDS, LANGUAGES, Block, blocks, commands, matches
from tests.documents.conftest import Shell

pytestmark = pytest.mark.xdist_group("documents")

PATHS = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])
BLOCKS = [block for path in PATHS for block in blocks(path)]
# Why a command does not run here; what another test runs is named with that test.
REASONS = (
    *("needs an AWS account", "is `make test` itself", "measures for minutes", "installs what the tests run with"),
    "clones others' repositories",
)
LAST = "first_hour.md"  # ends with the stack's end
RUNNING = sorted({block.path for block in BLOCKS if block.runs}, key=lambda path: (path.name == LAST, path))
QUALIFIER = re.compile(r'(?<![\w".])([a-zA-Z_]\w*)\.(?=[\w"])')
RUN_BY = re.compile(r"run by (tests/\S+\.py)")


def test_every_block_says_what_it_is() -> None:
    assert {block.place: block.language for block in BLOCKS if block.language not in LANGUAGES} == {}


def test_what_does_not_run_says_why() -> None:
    reasons = {block.place: block.not_run for block in BLOCKS if block.language in COMMANDS and block.not_run}
    assert {place: reason for place, reason in reasons.items() if not _is_known(reason)} == {}


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if block.language == "python"], ids=lambda block: str(block.place)
)
def test_python_that_is_shown_can_be_parsed(block: Block) -> None:
    assert ast.parse(block.content).body


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if block.language == "sql"], ids=lambda block: str(block.place)
)
def test_sql_that_is_shown_quotes_a_schema_that_is_a_reserved_word(block: Block) -> None:
    assert [each for each in QUALIFIER.findall(block.content) if each.lower() in RESERVED_WORDS] == []


def _is_known(reason: str) -> bool:
    by = RUN_BY.fullmatch(reason)
    return (ROOT / by[1]).is_file() if by else reason in REASONS


@pytest.mark.parametrize("path", RUNNING, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_commands_of_a_document_print_what_it_shows(path: Path, shell: Shell) -> None:
    for block in (block for block in BLOCKS if block.path == path and block.runs):
        run(block, shell)


def run(block: Block, shell: Shell) -> None:
    """Run a block's commands, in the state that the commands before have left."""
    if block.before:
        done = shell.run(block.before)
        assert done.returncode == 0, f"before {block.place}: {done.stderr}"
    steps = commands(block)
    for number, step in enumerate(steps):
        done = shell.run(step.text)
        said = f"{block.place}\n{step.text}\nexit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        is_asked_for = number + 1 < len(steps) and steps[number + 1].text == "echo $?"
        assert done.returncode == 0 or is_asked_for, said
        assert step.printed is None or matches(done.stdout, step.printed), f"{said}\nshown is:\n{step.printed}"


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if block.language == "yaml"], ids=lambda block: str(block.place)
)
def test_settings_that_are_shown_can_be_read(block: Block) -> None:
    for meta in _metas(yaml.safe_load(block.content)):
        changes = meta.get("changes", {})
        told = [*meta.get("key", []), *changes.get("sequence", [])]
        told += [changes[name] for name in ("operation", "deleted") if name in changes]
        columns = [{"name": name, "data_type": "varchar(max)"} for name in dict.fromkeys(told)]
        table = {"name": "shown", "config": {"meta": meta}, "columns": columns}
        assert from_document({"sources": [{"name": "landing", "tables": [table]}]})


def _metas(settings: Any) -> list[dict[str, Any]]:
    """Find the settings of datasets, wherever in a source YAML a document begins."""
    if isinstance(settings, list):
        return [meta for each in settings for meta in _metas(each)]
    if not isinstance(settings, dict):
        return []
    own = [settings["meta"]] if "meta" in settings else []
    return own + [meta for value in settings.values() for meta in _metas(value)]


@pytest.mark.parametrize(
    ("printed", "shown", "fits"),
    [
        ("3 rows\n\n a   b\n ─────\n", "3 rows\n a b\n ───\n", True),
        ("run 8c47a9e1-ba7f-47e8-950c-5fd2932eda63 took 3.5 s", "run <id> took <seconds> s", True),
        ("first\nsecond\nthird\n", "first\n...\nthird\n", True),
        ("first\nthird\n", "first\n...\nthird\n", True),
        ("first\nsecond\nthird\n", "first\nthird\n", False),
        ("took 3.5 s", "took 3.6 s", False),
        ("a.b", "a+b", False),
        ("one line more\n", "", False),
    ],
)
def test_output_is_compared_but_for_what_a_document_leaves_open(printed: str, shown: str, fits: bool) -> None:
    assert matches(printed, shown) is fits


def test_blocks_in_lists_and_comments_above_are_found(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "<!-- before: touch a -->\n\n```sh\nls a\n```\n\n1. Then\n\n   <!-- not run: needs an AWS account -->\n\n"
        "   ```console\n   $ false\n   $ echo $?\n   1\n   ```\n\n<!-- before: touch b -->\n\n"
        "words\n\n```text\nb\n```\n"
    )
    first, second, third = blocks(path)
    assert (first.before, first.content, first.runs) == ("touch a", "ls a\n", True)
    assert (second.not_run, second.runs) == ("needs an AWS account", False)
    assert [(step.text, step.printed) for step in commands(second)] == [("false", ""), ("echo $?", "1\n")]
    assert (third.before, third.runs) == ("", False)
