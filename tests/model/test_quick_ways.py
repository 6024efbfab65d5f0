"""MODEL: where dbt is given a shorter way, a macro, a template, a graph and a schema are answered as by dbt's own."""

import time
from collections.abc import AsyncIterator, Iterator
from types import FrameType, SimpleNamespace, TracebackType
from typing import Any

import pytest
from dbt.artifacts.resources.types import NodeType
from dbt.artifacts.resources.v1.components import DependsOn, MacroDependsOn
from dbt.artifacts.resources.v1.generic_test import TestMetadata
from dbt.clients.jinja import MacroGenerator, MacroStack
from dbt.compilation import Linker
from dbt.contracts.graph.nodes import Macro
from dbt_common.dataclass_schema import ValidationError
from dbt_common.exceptions import CompilationError
from dbt_common.exceptions.macros import MacroReturn
from jinja2.sandbox import SandboxedEnvironment

from transform_lambda import quick_dbt
from transform_lambda.quick_dbt import cycle_of, is_safe, stock_cycle, stock_is_safe, stock_validate, validate_once
from transform_lambda.quick_macros import Late, QuickMacro


class Uncountable(dict[str, Any]):
    """Names that are not to be counted, since each would be made for it."""

    def __iter__(self) -> Iterator[str]:
        """Fail."""
        raise AssertionError("all names are asked for")


def test_a_context_is_told_from_an_empty_one_without_all_that_it_may_have() -> None:
    assert [bool(Late(names)) for names in ({}, {"name": 1}, Uncountable(name=1))] == [False, True, True]
    with pytest.raises(AssertionError, match="all names"):
        len(Late(Uncountable(name=1)))


BODIES = ("{{ none['x'] + 1 }}", "{{ 1 + 'x' }}", "{{ no_macro() }}", "{{ broken() }}", "{{ ok }}")


@pytest.mark.parametrize("body", BODIES)
def test_a_macro_that_goes_wrong_says_so_as_dbts_does_and_leaves_no_trace(body: str) -> None:
    def broken() -> None:
        raise CompilationError("broken")

    told: list[object] = []
    for kind in (MacroGenerator, QuickMacro):
        stack = MacroStack()
        try:
            told.append(kind(_macro(body), {"broken": broken, "ok": "ok"}, None, stack)())
        except Exception as error:
            told.append((type(error), str(error), [each.name for each in getattr(error, "stack", [])]))
        assert stack.depth == 0
    assert told[0] == told[1]
    assert (told[0] == "ok") == (body == "{{ ok }}")


def test_a_macro_that_returns_gives_the_value_itself_and_its_node_depends_on_it() -> None:
    def give_back(value: object) -> None:
        raise MacroReturn(value)

    for kind in (MacroGenerator, QuickMacro):
        node = SimpleNamespace(depends_on=MacroDependsOn())
        assert kind(_macro("{{ give_back([1]) }}"), {"give_back": give_back}, node, MacroStack())() == [1]
        assert node.depends_on.macros == ["macro.landfall.told"]


def test_a_cycle_of_a_graph_is_told_as_dbt_tells_it() -> None:
    linker = Linker()
    for after, before in (("b", "a"), ("c", "b"), ("d", "a")):
        linker.dependency(after, before)
    assert [cycle_of(linker), stock_cycle(linker)] == [None, None]

    linker.dependency("a", "c")
    assert cycle_of(linker) == stock_cycle(linker)
    assert sorted(str(cycle_of(linker)).split(" --> ")) == ["a", "b", "c"]


def test_a_template_may_read_what_jinja_lets_it_read() -> None:
    def generated() -> Iterator[int]:
        yield 1

    async def awaited() -> int:
        return 1

    async def generated_in_time() -> AsyncIterator[int]:
        yield 1

    environment, coroutine, traceback = SandboxedEnvironment(), awaited(), _traceback()
    frame: FrameType = traceback.tb_frame
    plain: list[object] = [1, "a", {"mro": 1}, Linker(), "a".upper]
    guarded = [object, generated, generated(), coroutine, generated_in_time(), environment.call, traceback, frame]
    names = {name for each in (*plain, *guarded, frame.f_code) for name in dir(each)} | {"mro", "_a", "no_name"}
    judged = {
        (type(each), name): (is_safe(environment, each, name, None), stock_is_safe(environment, each, name, None))
        for each in (*plain, *guarded, frame.f_code)
        for name in names
    }
    coroutine.close()
    assert {key: both for key, both in judged.items() if both[0] != both[1]} == {}
    assert judged[type(frame), "f_back"] == judged[type, "mro"] == (False, False)
    assert judged[dict, "mro"] == judged[str, "upper"] == (True, True)


def test_what_a_schema_forbids_is_refused_each_time_and_what_it_allows_is_looked_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[Any] = []

    def look(kind: Any, data: Any) -> None:
        looks.append(data)
        stock_validate(kind, data)

    monkeypatch.setattr(quick_dbt, "stock_validate", look)
    allowed = {"name": f"a_{time.monotonic_ns()}"}
    for data in (allowed, dict(allowed), {**allowed, "namespace": "b"}, allowed):
        validate_once(TestMetadata, data)
    assert len(looks) == 2

    for kind, forbidden in ((TestMetadata, {"name": [1]}), (TestMetadata, {"name": (1,)}), (DependsOn, allowed)):
        for _ in range(2):
            with pytest.raises(ValidationError):
                validate_once(kind, forbidden)
    assert len(looks) == 8

    for _ in range(2):
        validate_once(TestMetadata, {**allowed, "kwargs": {"of no text": lambda: 1}})
    assert len(looks) == 10


def _macro(body: str) -> Macro:
    text = "{% macro told() %}" + body + "{% endmacro %}"
    return Macro("told", NodeType.Macro, "landfall", "told.sql", "told.sql", "macro.landfall.told", text)


def _traceback() -> TracebackType:
    try:
        raise ValueError
    except ValueError as error:
        found = error.__traceback__
    assert found is not None
    return found
