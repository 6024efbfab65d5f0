"""OPERATE: edit the SQL and YAML of an entity line by line, so that what people wrote beside stays. Pure.

In: a file's text, of the shape that `new-dataset` writes. Out: its new text, or None where it has another shape.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from landfall.new_dataset.project import flow, plain_yaml

COLUMN = re.compile(r'^( *)- \{?name: (?:"([^"]+)"|([^,}\s]+))')
SELECTED = " " * 8  # what a line of a select list begins with


@dataclass(frozen=True)
class Item:
    """A column in a list of them: its name, and its lines, from `start` up to `end`."""

    name: str
    start: int
    end: int


def declared(text: str, owner: str) -> dict[str, str]:
    """Return the columns that a YAML declares of a model or of a source's table, with their types."""
    document = yaml.safe_load(text)
    tables = [table for source in document.get("sources", ()) for table in source["tables"]]
    owners = [each for each in (*document.get("models", ()), *tables) if each["name"] == owner]
    return {column["name"]: column.get("data_type", "") for each in owners for column in each.get("columns", ())}


def add_declared(text: str, owner: str, name: str, type_: str, description: str) -> str | None:
    """Declare a column: in front of the first that is Landfall's own, or last."""
    lines = text.splitlines(keepends=True)
    items = _declared_items(lines, owner)
    if not items:
        return None
    indent = COLUMN.match(lines[items[0].start])[1]  # type: ignore[index]  # an item is what matches
    ours = (item.start for item in items if item.name == "is_deleted" or item.name.startswith("_"))
    place = next(ours, items[-1].end) if not _is_source(text) else items[-1].end
    words = f"name: {plain_yaml(name)}, data_type: {plain_yaml(type_)}, description: {plain_yaml(description)}"
    return _checked(
        "".join([*lines[:place], f"{indent}- {{{words}}}\n", *lines[place:]]),
        owner,
        declared(text, owner) | {name: type_},
    )


def drop_declared(text: str, owner: str, name: str) -> str | None:
    """Take a column out."""
    lines = text.splitlines(keepends=True)
    found = next((item for item in _declared_items(lines, owner) if item.name == name), None)
    if found is None:
        return None
    left = {column: type_ for column, type_ in declared(text, owner).items() if column != name}
    return _checked("".join([*lines[: found.start], *lines[found.end :]]), owner, left)


def retype_declared(text: str, owner: str, name: str, type_: str) -> str | None:
    """Give a column another type."""
    lines = text.splitlines(keepends=True)
    found = next((item for item in _declared_items(lines, owner) if item.name == name), None)
    if found is None:
        return None
    entry = "".join(lines[found.start : found.end])
    entry = re.sub(r'data_type: ("[^"]*"|[^,}\n]*(?:\(\d+\))?)', f"data_type: {plain_yaml(type_)}", entry, count=1)
    text_after = "".join([*lines[: found.start], entry, *lines[found.end :]])
    return _checked(text_after, owner, declared(text, owner) | {name: type_})


def rename_declared(text: str, owner: str, name: str, new: str) -> str | None:
    """Call a column otherwise where it is declared, and nowhere else."""
    lines = text.splitlines(keepends=True)
    found = next((item for item in _declared_items(lines, owner) if item.name == name), None)
    if found is None:
        return None
    lines[found.start] = re.sub(rf"(- \{{?name: ){name}\b", rf"\g<1>{new}", lines[found.start], count=1)
    columns = {new if column == name else column: type_ for column, type_ in declared(text, owner).items()}
    return _checked("".join(lines), owner, columns)


def rename_listed(text: str, name: str, new: str) -> str:
    r"""Call a column otherwise where SQL selects or quotes it.

    >>> rename_listed("select\n        name,\nfrom name where {{ is_missing('name') }}", "name", "label")
    "select\n        label,\nfrom name where {{ is_missing('label') }}"
    """
    return re.sub(rf"(?m)^( +){name},$", rf"\g<1>{new},", text).replace(f"'{name}'", f"'{new}'")


def rename_words(text: str, name: str, new: str) -> str:
    r"""Call a column by another name wherever its name stands as a word of its own; descriptions keep theirs.

    >>> rename_words("where: kind = 'a' or kind_missing\n{name: kind, description: Any kind.}\n", "kind", "sort")
    "where: sort = 'a' or kind_missing\n{name: sort, description: Any kind.}\n"
    """
    return "".join(re.sub(rf"\b{name}\b", new, code) + prose for code, prose in _lines(text))


def mentions(text: str, name: str) -> list[int]:
    r"""Return the numbers of the lines that have the word, but for descriptions and comments.

    >>> mentions("description: >\n  Any kind.\n-- kind\nkind,\n", "kind")
    [4]
    """
    return [number for number, (code, _) in enumerate(_lines(text), start=1) if re.search(rf"\b{name}\b", code)]


def add_to_meta(text: str, model: str, setting: str, value: str) -> str | None:
    """Add a value to a list of the model's `meta`, which stands on one line."""

    def extended(found: re.Match[str]) -> str:
        meta = yaml.safe_load(found[2])
        values = [each for each in meta.get(setting, ()) if each != value]
        return f"{found[1]}{flow({**meta, setting: [*values, value]})}"

    after, count = re.subn(rf"(?m)^( *meta: )(\{{entity: {model}\b.*\}})$", extended, text)
    return after if count == 1 else None


def take_from_meta(text: str, setting: str, value: str) -> str:
    """Take a value out of a list of a `meta` that stands on one line; what is not there stays away."""

    def shortened(found: re.Match[str]) -> str:
        meta: dict[str, Any] = yaml.safe_load(found[2])
        left = [each for each in meta.pop(setting, ()) if each != value]
        return f"{found[1]}{flow({**meta, **({setting: left} if left else {})})}"

    return re.sub(rf"(?m)^( *meta: )(\{{.*\b{setting}: .*\}})$", shortened, text)


def add_selected(text: str, anchor: str, line: str) -> str | None:
    """Select one more column, in front of the line that has the anchor."""
    lines = text.splitlines(keepends=True)
    places = [index for index, each in enumerate(lines) if anchor in each]
    if len(places) != 1:
        return None
    return "".join([*lines[: places[0]], f"{SELECTED}{line},\n", *lines[places[0] :]])


def change_selected(text: str, anchor: str, name: str, change: Callable[[str], str] | None) -> str | None:
    """Change how a column is selected in front of the line that has the anchor; without a change it is taken out."""
    lines = text.splitlines(keepends=True)
    found = next((item for item in _selected_items(lines, anchor) if item.name == name), None)
    if found is None:
        return None
    after = change("".join(lines[found.start : found.end])) if change else ""
    return "".join([*lines[: found.start], after, *lines[found.end :]])


def selected_column(text: str, anchor: str, name: str) -> str | None:
    """Return the landing column that is selected as it is, as `name`; None where it is more than a column.

    >>> text = '    select\\n        "Kind" as kind,\\n        n + 1 as n,\\n        -- anchor\\n'
    >>> selected_column(text, "anchor", "kind"), selected_column(text, "anchor", "n")
    ('Kind', None)
    """
    lines = text.splitlines(keepends=True)
    item = next((item for item in _selected_items(lines, anchor) if item.name == name), None)
    words = "".join(lines[item.start : item.end]).strip().rstrip(",") if item else ""
    found = re.fullmatch(rf'(?:"([^"]+)"|(\w+))(?:\s+as\s+{name})?', words)
    return (found[1] or found[2]) if found else None


def selected_as(item: str, name: str, new: str) -> str:
    """Select the same by another name.

    >>> selected_as("        kind,\\n", "kind", "sort"), selected_as('        "Kind" as kind,\\n', "kind", "sort")
    ('        kind as sort,\\n', '        "Kind" as sort,\\n')
    """
    if item.strip() == f"{name},":
        return item.replace(name, f"{name} as {new}")
    return re.sub(rf"\b{name},$", f"{new},", item, flags=re.MULTILINE)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line in two parts: what is read by machines, and what by people alone."""
    inside = -1  # the indentation of a description of several lines
    for line in text.splitlines(keepends=True):
        indent = len(line) - len(line.lstrip())
        if inside >= 0 and (indent > inside or not line.strip()):
            yield "", line
            continue
        inside = -1
        found = re.search(r"--|\bdescription:", line)
        if found is None:
            yield line, ""
            continue
        if re.fullmatch(r"description: *[>|]-?", line[found.start() :].strip()):
            inside = indent
        yield line[: found.start()], line[found.start() :]


def _declared_items(lines: Sequence[str], owner: str) -> list[Item]:
    begin = _after(lines, 0, re.compile(rf" *- name: {re.escape(owner)}$"))
    header = _after(lines, begin, re.compile(r" *columns:"))
    if header == len(lines) + 1:
        return []
    indent = len(lines[header - 1]) - len(lines[header - 1].lstrip()) + 2
    items: list[Item] = []
    for index in range(header, len(lines)):
        line = lines[index]
        if not line.strip() or len(line) - len(line.lstrip()) < indent:
            break
        found = COLUMN.match(line)
        if found and len(found[1]) == indent:
            items.append(Item(found[2] or found[3], index, index + 1))
        elif items:
            items[-1] = Item(items[-1].name, items[-1].start, index + 1)
    return items


def _after(lines: Sequence[str], begin: int, pattern: re.Pattern[str]) -> int:
    """Return the number of the line behind the first that matches; one more than there are where none does."""
    places = (index + 1 for index in range(begin, len(lines)) if pattern.match(lines[index].rstrip("\n")))
    return next(places, len(lines) + 1)


def _selected_items(lines: Sequence[str], anchor: str) -> list[Item]:
    """Read a select list from the line that has the anchor up to its `select`."""
    end = next((index for index, line in enumerate(lines) if anchor in line), 0)
    items: list[Item] = []
    last = end
    for index in range(end - 1, -1, -1):
        line = lines[index]
        if line.strip() == "select":
            break
        if line.startswith(SELECTED) and not line.startswith(f"{SELECTED} "):
            words = "".join(lines[index:last]).strip().rstrip(",")
            items.append(Item(re.split(r"\W", words)[-1], index, last))
            last = index
    return items


def _is_source(text: str) -> bool:
    return re.search("^sources:", text, re.MULTILINE) is not None


def _checked(text: str, owner: str, columns: dict[str, str]) -> str | None:
    """Return the text if it declares these columns: whatever shape it had, it says what it shall."""
    try:
        return text if declared(text, owner) == columns else None
    except yaml.YAMLError:
        return None
