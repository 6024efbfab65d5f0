"""MODEL: the shorter ways that dbt is given find the same macros and tell the same events."""

import io
from typing import Any

import pytest
from dbt.adapters.events.types import SQLQuery
from dbt.adapters.factory import FACTORY, get_adapter_package_names
from dbt.clients.jinja import MacroGenerator, MacroStack
from dbt.compilation import Linker
from dbt.context import manifest as manifest_context
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.contracts.graph.nodes import Macro
from dbt.events.types import LogModelResult, NodeStart
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.logger import LineFormat, LoggerConfig, _TextLogger
from dbt_common.events.types import Formatting, Note, PrintEvent
from redshift_connector.metadataServerProxy import MetadataServerProxy

from tests.support.model_warehouse import ModelWarehouse
from transform_lambda.quick_dbt import (
    message_of,
    quicken,
    stock_event,
    stock_helper,
    stock_line,
    stock_message,
    stock_summary,
    summary_of,
    write_line,
)
from transform_lambda.quick_macros import Late, QuickMacro, QuickNamespaceBuilder, context_of, stock_to_dict

NODE = {
    "node_name": "orders",
    "node_status": "started",
    "node_started_at": "2026-01-01T00:00:00",
    "meta": {"changes": ["op"], "kept": None},
    "node_relation": {"schema": "modeled", "alias": "orders"},
}
EVENTS: list[tuple[type[BaseEvent], dict[str, Any]]] = [
    (NodeStart, {"node_info": NODE}),
    (SQLQuery, {"conn_name": "model.landfall.orders", "sql": "select ';'", "node_info": NODE}),
    (LogModelResult, {"description": "a model", "status": "OK", "index": 1, "total": 2, "execution_time": 1.5}),
    (Note, {"msg": ValueError("no text")}),
    (Formatting, {"msg": "a line"}),
]


@pytest.mark.parametrize("level", [None, EventLevel.WARN])
@pytest.mark.parametrize(("kind", "fields"), EVENTS, ids=[kind.__name__ for kind, _ in EVENTS])
def test_an_event_is_told_as_dbt_tells_it(
    kind: type[BaseEvent], fields: dict[str, Any], level: EventLevel | None
) -> None:
    quicken()
    stock = kind.__new__(kind)
    stock_event(stock, **fields)

    told = [stock_message(stock, level), message_of(kind(**fields), level)]

    assert told[0].info.ts.ToDatetime() <= told[1].info.ts.ToDatetime()
    for message in told:
        message.info.ClearField("ts")
    assert told[0] == told[1]


def test_a_field_that_an_event_has_not_is_dbts_error() -> None:
    quicken()
    with pytest.raises(Exception, match='has no field named "sqll"'):
        SQLQuery(sqll="select 1")


@pytest.mark.xdist_group("model")  # one project, parsed once
@pytest.mark.parametrize("package", ["landfall", "dbt", "dbt_redshift"])
def test_a_template_finds_the_macros_that_dbt_finds(worker_warehouse: ModelWarehouse, package: str) -> None:
    FACTORY.load_plugin("redshift")
    assert worker_warehouse.manifest is not None
    by_package = worker_warehouse.manifest.get_macros_by_package()
    context: dict[str, Any] = {}

    def built_by(builder: type[MacroNamespaceBuilder]) -> MacroNamespace:
        internal = get_adapter_package_names("redshift")
        return builder("landfall", package, MacroStack(), internal).build_namespace(by_package, context)

    stock, quick = built_by(MacroNamespaceBuilder), built_by(QuickNamespaceBuilder)

    assert found_in(quick) == found_in(stock)
    assert len(quick) == len(stock)
    assert not any(name in namespace for namespace in (stock, quick) for name in ("no_macro", "lock_entitys"))
    for name in ("statement", "as_list", "lock_entity"):
        assert found(quick.get_from_package("landfall", name)) == found(stock.get_from_package("landfall", name))
        assert found(quick.get_from_package("dbt", name)) == found(stock.get_from_package("dbt", name))
        assert found(quick.get_from_package(None, name)) == found(stock.get_from_package(None, name))


class Bare(manifest_context.ManifestContext):
    """A context of dbt's without a project's configuration."""

    def __init__(self, macros: Any) -> None:
        """Begin with a value and a name that a macro has too."""
        self._ctx, self.namespace = Late(macros), macros
        self.told = {"lock_entity": "no macro", "value": 1}

    def generate_builtins(self) -> dict[str, Any]:
        """Return what it has beside macros."""
        return self.told


@pytest.mark.xdist_group("model")
def test_a_context_holds_what_dbts_holds_and_a_macro_hides_what_else_has_its_name(
    worker_warehouse: ModelWarehouse,
) -> None:
    FACTORY.load_plugin("redshift")
    assert worker_warehouse.manifest is not None
    by_package = worker_warehouse.manifest.get_macros_by_package()
    internal = get_adapter_package_names("redshift")
    builder = QuickNamespaceBuilder("landfall", "landfall", MacroStack(), internal)
    quick, copied, joined, stock = (Bare(builder.build_namespace(by_package, {})) for _ in range(4))
    stock._ctx = {}

    late, eager = context_of(quick), stock_to_dict(stock)

    assert "statement" not in late.own(), "a macro is made when it is asked for"
    assert late["lock_entity"].macro.unique_id == "macro.landfall.lock_entity"
    assert late["statement"] is late.get("statement")
    assert "statement" in late
    assert ("no_macro" in late, late.get("no_macro", 0)) == (False, 0)
    assert {name: found(each) for name, each in dict(late).items() if hasattr(each, "macro")} == {
        name: found(each) for name, each in eager.items() if hasattr(each, "macro")
    }
    assert len(late) == len(eager)
    assert set(context_of(copied).copy()) == set(context_of(joined) | {"value": 2}) == set(eager)
    assert set(late) == set(late.keys()) == set(eager)
    assert len(late.values()) == len(eager.values())


def test_a_macro_that_is_called_again_sees_what_has_changed_in_its_context() -> None:
    text = "{% macro told(of) %}{{ of }} {{ value }} {{ other() }}{% endmacro %}"
    macro = Macro(
        name="told",
        macro_sql=text,
        package_name="landfall",
        unique_id="macro.landfall.told",
        path="told.sql",
        original_file_path="told.sql",
        resource_type="macro",  # type: ignore[arg-type]  # as dbt reads it
    )
    for kind in (MacroGenerator, QuickMacro):
        context: dict[str, Any] = {"value": 1, "other": lambda: "a"}
        generator = kind(macro, context)
        assert generator("x") == "x 1 a"
        context.update(value=2, other=lambda: "b")
        assert generator("y") == "y 2 b"


@pytest.mark.xdist_group("model")
def test_the_summary_of_a_graph_is_dbts(worker_warehouse: ModelWarehouse) -> None:
    assert worker_warehouse.manifest is not None
    linker = Linker()
    linker.link_graph(worker_warehouse.manifest)

    assert summary_of(linker, worker_warehouse.manifest) == stock_summary(linker, worker_warehouse.manifest)
    assert len(linker.graph) > 100


@pytest.mark.parametrize("level", [EventLevel.DEBUG, EventLevel.INFO, EventLevel.ERROR])
def test_a_log_gets_the_lines_that_dbt_writes(level: EventLevel) -> None:
    quicken()
    lines = []
    for way in (stock_line, write_line):
        stream = io.StringIO()
        log = _TextLogger(
            LoggerConfig("lines", line_format=LineFormat.PlainText, level=level, use_colors=False, output_stream=stream)
        )
        for at in EventLevel:
            way(log, message_of(Note(msg=f"a note at {at.value}"), at))
        way(log, message_of(PrintEvent(msg="what is printed")))
        lines.append([line.split("  ", 1)[-1] for line in stream.getvalue().splitlines()])
    assert lines[0] == lines[1]
    assert "a note at error" in lines[1]
    assert "what is printed" in lines[1]
    assert ("a note at info" in lines[1]) == (level != EventLevel.ERROR)


def test_a_cursor_knows_of_metadata_what_the_drivers_own_knows() -> None:
    quicken()
    stock = MetadataServerProxy.__new__(MetadataServerProxy)
    stock_helper(stock)
    known = vars(MetadataServerProxy(None))
    assert known.pop("_cursor") is None
    assert list(known) == list(vars(stock))
    for name, value in vars(stock).items():
        assert known[name] == value or vars(known[name]) == vars(value)


def found_in(namespace: MacroNamespace) -> dict[str, object]:
    """Return what each name of a namespace stands for."""
    return {name: found(namespace[name]) for name in namespace}


def found(member: Any) -> object:
    """Return the id of a macro, or those of a package's."""
    if isinstance(member, dict):
        return {name: found(each) for name, each in member.items()}
    return member and member.macro.unique_id
