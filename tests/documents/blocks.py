"""The fenced blocks of the documents. In: Markdown. Out: blocks in order, each with how it is to be treated.

A block says its language. `sh` is commands that must succeed; `console` is commands after `$ `, each with what it
prints on stdout; the others (`text`, `yaml`, `sql`, `python`) are no commands. Two comments speak of the block below:

    <!-- not run: needs an AWS account -->     it cannot run here, and why
    <!-- before: touch my_file.parquet -->     what a reader has, and this machine has not
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from local.home import ROOT

COMMANDS = frozenset({"sh", "console"})
LANGUAGES = COMMANDS | {"text", "yaml", "sql", "python", "json"}
_COMMENT = re.compile(r"<!-- (not run|before): (.*?) -->", re.DOTALL)
_PROMPT, _CONTINUED = "$ ", "> "


@dataclass(frozen=True)
class Block:
    """A fenced block: where its content begins, what it is, and what the comment above it says."""

    path: Path
    line: int
    language: str
    content: str
    before: str = ""
    not_run: str | None = None

    @property
    def place(self) -> str:
        """Say where it is, as an editor takes it."""
        return f"{self.path.relative_to(ROOT)}:{self.line}"

    @property
    def runs(self) -> bool:
        """Tell whether a test runs it."""
        return self.language in COMMANDS and self.not_run is None


@dataclass(frozen=True)
class Command:
    """A command of a block, and what it prints on stdout; None where the block shows no output."""

    text: str
    printed: str | None = None


def blocks(path: Path) -> list[Block]:
    """Read the fenced blocks of a document, those in lists and quotes too."""
    found: list[Block] = []
    said: dict[str, str] = {}
    for token in MarkdownIt().parse(path.read_text(encoding="utf-8")):
        if token.type == "html_block":
            said |= dict(_COMMENT.findall(token.content))
        elif token.type in ("fence", "code_block"):
            line = (token.map or [0])[0] + 2
            found.append(Block(path, line, token.info, token.content, said.get("before", ""), said.get("not run")))
            said = {}
        elif token.content:
            said = {}
    return found


def commands(block: Block) -> list[Command]:
    r"""Take a block's commands apart.

    >>> commands(Block(ROOT / "a.md", 1, "console", "$ echo a \\\n> b\na b\n$ true\n"))
    [Command(text='echo a \\\nb', printed='a b\n'), Command(text='true', printed='')]
    """
    if block.language == "sh":
        return [Command(f"set -e\n{block.content}")]
    return list(_prompted(block))


def _prompted(block: Block) -> Iterator[Command]:
    lines = block.content.splitlines(keepends=True)
    assert lines[0].startswith(_PROMPT), f"{block.place}: a console begins with {_PROMPT}"
    while lines:
        text = [lines.pop(0).removeprefix(_PROMPT)]
        while lines and lines[0].startswith(_CONTINUED):
            text.append(lines.pop(0).removeprefix(_CONTINUED))
        printed = []
        while lines and not lines[0].startswith(_PROMPT):
            printed.append(lines.pop(0))
        yield Command("".join(text).removesuffix("\n"), "".join(printed))


# What differs from run to run, by the name that a document gives it; `...` stands for anything, and for nothing.
PLACEHOLDERS = {
    "...": r".*?",
    "<time>": r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S*",
    "<id>": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "<seconds>": r"\d+(\.\d+)?",
}
_PLACEHOLDER = re.compile(
    "|".join(rf" ?{re.escape(name)} ?" if name == "..." else re.escape(name) for name in PLACEHOLDERS)
)
_RULE = re.compile(r"─+")


def matches(printed: str, shown: str) -> bool:
    """Tell whether what was printed is what a document shows: blanks, and how long a line of a table is, aside.

    >>> matches("a    b\\nat 2026-11-28 17:00:00", "a b\\nat <time>")
    True
    >>> matches("1 row", "2 rows")
    False
    """
    shown, printed = (_RULE.sub("─", " ".join(text.split())) for text in (shown, printed))
    pattern, end = "", 0
    for found in _PLACEHOLDER.finditer(shown):
        pattern += re.escape(shown[end : found.start()]) + PLACEHOLDERS[found.group().strip()]
        end = found.end()
    return re.fullmatch(pattern + re.escape(shown[end:]), printed) is not None
