"""Imports run one way: who follows a file walks from room to room and never back, and no package imports its user."""

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Each may import what stands before it, never what comes after. `*` is the package's own modules beside its folders.
WAY_OF_A_FILE = ("floor", "warehouse", "bucket", "arrive", "read", "judge", "rewrite", "load", "tell", "door")
FLOOR = {"__init__", "clock", "errors", "file_version", "legible", "reasons", "same_object", "table_format"}
# What `landfall` does, then how it speaks of it; the demonstration speaks too. Of one level none imports another.
LEVELS_OF_LANDFALL = (
    {"__init__", "environment", "failures", "output", "stack", "timestamps"},
    {"deploy"},
    {"operate", "sizing", "verify"},
    {"doctor", "new_dataset"},
    {"demo", "commands"},
    {"api", "app"},
)
SPEAKING = {"demo", "commands"}
PACKAGES = {
    "ingest_lambda": {"ingest_lambda"},
    "transform_lambda": {"transform_lambda"},
    "scripts": {"scripts", "ingest_lambda"},
    "local": {"local", "ingest_lambda"},
    "landfall": {"landfall", "ingest_lambda", "scripts", "local"},
}
OURS = set(PACKAGES) | {"benchmarks", "tests"}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imported(path: Path) -> Iterator[str]:
    """Name every module that a file imports, lazily or not; of `from a import b` both `a` and `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module: str) -> str:
    """Name the room of a module of `ingest_lambda`."""
    _, first, *rest = [*module.split("."), ""]
    if first in FLOOR or not first:
        return "floor"
    return first if any(rest) or (ROOT / "ingest_lambda" / first).is_dir() else "door"


def misplaced(module: str, found: str) -> bool:
    """Tell whether `module` of `ingest_lambda` may not import `found` of it."""
    here, there = room_of(module), room_of(found)
    if "reconcile" in (here, there):  # stands beside the way: it may use every room, and no room uses it
        return here != "reconcile"
    return WAY_OF_A_FILE.index(there) > WAY_OF_A_FILE.index(here)


def edges(package: str) -> dict[str, set[str]]:
    """Map each module of a package to those of it that it imports."""
    known = {name_of(path).removesuffix(".__init__") for path in modules(package)}
    return {
        name_of(path).removesuffix(".__init__"): {found for found in imported(path) if found in known}
        for path in modules(package)
    }


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """Find a way from a module back to itself; nothing where there is none."""
    done: set[str] = set()

    def walk(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        for found in sorted(graph[module] - {module}):
            if back := walk(found, [*way, module]):
                return back
        done.add(module)
        return []

    return next((back for module in sorted(graph) if (back := walk(module, []))), [])


def test_who_follows_a_file_walks_from_room_to_room_and_never_back() -> None:
    back = [
        f"{module} imports {found}"
        for module, targets in edges("ingest_lambda").items()
        for found in sorted(targets)
        if misplaced(module, found)
    ]

    assert back == []


def test_every_room_is_on_the_way() -> None:
    rooms = {path.parent.name for path in modules("ingest_lambda") if path.name == "__init__.py"}

    assert rooms - {"ingest_lambda", "reconcile"} == set(WAY_OF_A_FILE) - {"floor", "door"}


def level_of(module: str) -> int:
    """Number the level of a module of `landfall`."""
    return next(number for number, names in enumerate(LEVELS_OF_LANDFALL) if part_of(module) in names)


def part_of(module: str) -> str:
    """Name the folder or the file of `landfall` that a module is in."""
    return module.split(".")[1] if "." in module else "__init__"


def is_above(module: str, found: str) -> bool:
    """Tell whether `module` of `landfall` may not import `found` of it."""
    here, there = part_of(module), part_of(found)
    if here == there or {here, there} == SPEAKING:
        return False
    return level_of(found) > level_of(module) or level_of(found) == level_of(module) > 0


def test_what_landfall_does_knows_nothing_of_how_it_speaks_of_it() -> None:
    back = [
        f"{module} imports {found}"
        for module, targets in edges("landfall").items()
        for found in sorted(targets)
        if is_above(module, found)
    ]

    assert back == []


def test_all_of_landfall_has_its_level() -> None:
    found = {part_of(name_of(path)) for path in modules("landfall")}

    assert found == set().union(*LEVELS_OF_LANDFALL)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_imports_the_one_that_is_built_on_it(package: str) -> None:
    foreign = [
        f"{name_of(path)} imports {found}"
        for path in modules(package)
        for found in imported(path)
        if found.split(".")[0] in OURS - PACKAGES[package]
    ]

    assert foreign == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_imports_itself_by_way_of_others(package: str) -> None:
    assert cycle(edges(package)) == []


@pytest.mark.parametrize(
    ("module", "found"),
    list(pairwise(("handler", "tell.report", "load.loader", "judge.plan", "arrive.events", "errors"))),
)
def test_the_rule_itself_tells_forth_from_back(module: str, found: str) -> None:
    assert not misplaced(f"ingest_lambda.{module}", f"ingest_lambda.{found}")
    assert misplaced(f"ingest_lambda.{found}", f"ingest_lambda.{module}")


@pytest.mark.parametrize(
    ("module", "found"),
    list(pairwise(("app", "commands.undo", "doctor.aws", "operate.undos", "deploy.bootstrap", "stack"))),
)
def test_the_levels_tell_what_is_done_from_how_it_is_spoken_of(module: str, found: str) -> None:
    assert not is_above(f"landfall.{module}", f"landfall.{found}")
    assert is_above(f"landfall.{found}", f"landfall.{module}")


def test_of_one_level_none_imports_another_but_the_demonstration_speaks_as_commands_do() -> None:
    assert is_above("landfall.verify.run", "landfall.operate.undos")
    assert not is_above("landfall.demo.story", "landfall.commands.transform")
    assert not is_above("landfall.environment", "landfall.stack")


def test_a_cycle_is_found() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
