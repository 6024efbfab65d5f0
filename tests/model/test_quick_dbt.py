"""MODEL: the shorter ways that dbt is given find the same macros and tell the same events."""

from typing import Any

import pytest
from dbt.adapters.events.types import SQLQuery
from dbt.adapters.factory import get_adapter_package_names
from dbt.clients.jinja import MacroStack
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.events.types import LogModelResult, NodeStart
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.types import Formatting, Note

from tests.support.model_warehouse import ModelWarehouse
from transform_lambda.quick_dbt import QuickNamespaceBuilder, message_of, quicken, stock_event, stock_message

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
    assert worker_warehouse.manifest is not None
    by_package = worker_warehouse.manifest.get_macros_by_package()
    context: dict[str, Any] = {}

    def built_by(builder: type[MacroNamespaceBuilder]) -> MacroNamespace:
        internal = get_adapter_package_names("redshift")
        return builder("landfall", package, MacroStack(), internal).build_namespace(by_package, context)

    stock, quick = built_by(MacroNamespaceBuilder), built_by(QuickNamespaceBuilder)

    assert found_in(quick) == found_in(stock)
    assert len(quick) == len(stock)
    for name in ("orders", "merge", "lock_entity"):
        assert found(quick.get_from_package("landfall", name)) == found(stock.get_from_package("landfall", name))
        assert found(quick.get_from_package("dbt", name)) == found(stock.get_from_package("dbt", name))
        assert found(quick.get_from_package(None, name)) == found(stock.get_from_package(None, name))


def found_in(namespace: MacroNamespace) -> dict[str, object]:
    """Return what each name of a namespace stands for."""
    return {name: found(namespace[name]) for name in namespace}


def found(member: Any) -> object:
    """Return the id of a macro, or those of a package's."""
    if isinstance(member, dict):
        return {name: found(each) for name, each in member.items()}
    return member and member.macro.unique_id
