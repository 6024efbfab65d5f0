"""The matrix as docs/producers.md shows it: `python -m tests.matrix.document` writes the section anew from results.tsv.

A test compares the two, so that neither changes without the other.
"""

from itertools import groupby
from pathlib import Path

from local.home import ROOT
from tests.matrix.deviations import DEVIATIONS, NOTES
from tests.matrix.results import Result, read_results

PAGE = ROOT / "docs" / "producers.md"
BEGIN, END = "<!-- matrix: begin -->", "<!-- matrix: end -->"
SQL_NAMES = {
    "binary varying": "VARBYTE",
    "character varying": "VARCHAR",
    "time without time zone": "TIME",
    "timestamp without time zone": "TIMESTAMP",
    "numeric": "DECIMAL",
}


def section(results: list[Result]) -> str:
    """Write one table a writer: what lands as which type, and what does not, or not as it was."""
    tables = [_table(writer, list(of_writer)) for writer, of_writer in groupby(results, lambda one: one.writer)]
    return "\n".join([BEGIN, "", *tables, END])


def _table(writer: str, results: list[Result]) -> str:
    rows: dict[tuple[str, str], list[str]] = {}
    for one in results:
        rows.setdefault((_lands_as(one), _how(one)), []).append(f"`{one.type}`")
    lines = [f"| {', '.join(types)} | {lands_as} | {how} |" for (lands_as, how), types in rows.items()]
    head = [f"### {writer} {results[0].version}", "", "| type | lands as | |", "|---|---|---|"]
    return "\n".join([*head, *lines, ""])


def _lands_as(one: Result) -> str:
    return SQL_NAMES.get(one.lands_as, one.lands_as.upper())


def _how(one: Result) -> str:
    return "; ".join(filter(None, (_became(one), NOTES.get((one.writer, one.type)))))


def _became(one: Result) -> str:
    if one.outcome == "differs":
        return DEVIATIONS[one.writer, one.type]
    if one.outcome.startswith("verdict "):
        return f"rejected: `{one.outcome.removeprefix('verdict ')}`"
    return {
        "equal": "",
        "not written": "the writer does not write it",
        "lands, not read back": "its writer does not read it back",
    }[one.outcome]


def written(page: Path = PAGE) -> str:
    """Cut the section out of the page."""
    text = page.read_text(encoding="utf-8")
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def main() -> None:
    """Write the section anew."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.replace(written(), section(read_results())), encoding="utf-8")


if __name__ == "__main__":
    main()
