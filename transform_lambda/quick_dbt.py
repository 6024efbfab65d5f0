"""MODEL: dbt without what takes it much of its time: contexts and events, made anew for every node and query.

In: dbt as installed. Out: the same dbt, whose macros are found and whose events are told as before, by a shorter way.
dbt gives every template a context of all macros, some 900, each looked for in five places; and it makes every event,
heard by anybody or not, from two JSON documents.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from dbt.clients.jinja import MacroGenerator
from dbt.context import manifest as manifest_context
from dbt.context import providers
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.contracts.graph.nodes import Macro
from dbt_common.events import event_manager
from dbt_common.events.base_types import (
    BaseEvent,
    EventLevel,
    get_global_metadata_vars,
    get_pid,
    get_thread_name,
    msg_from_base_event,
)
from dbt_common.invocation import get_invocation_id

stock_message = msg_from_base_event
stock_event = BaseEvent.__init__


@functools.cache
def quicken() -> None:
    """Let dbt take the shorter ways, in this process; dbt offers no setting for it."""
    for module in (manifest_context, providers):
        module.MacroNamespaceBuilder = QuickNamespaceBuilder  # type: ignore[attr-defined]  # their import, unlisted
    BaseEvent.__init__ = _make_event  # type: ignore[method-assign, assignment]  # its arguments have other names
    event_manager.msg_from_base_event = message_of  # type: ignore[attr-defined]


class QuickNamespace(MacroNamespace):
    """The macros that a template can name, in one dictionary."""

    @functools.cached_property
    def _found(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for place in reversed(list(self._search_order())):
            found.update(place)
        return found

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._found)

    def __len__(self) -> int:
        """Count the names."""
        return len(self._found)

    def __getitem__(self, key: str) -> Any:
        """Return a macro, or the macros of a package."""
        return self._found[key]


class QuickNamespaceBuilder(MacroNamespaceBuilder):
    """Builds it package by package, as the manifest has the macros already."""

    def build_namespace(
        self, macros_by_package: Mapping[str, Mapping[str, Macro]], ctx: dict[str, Any]
    ) -> MacroNamespace:
        """Return the macros of all packages in a context; first those of the node's package, then the project's."""
        node, stack = self.node, self.thread_ctx
        packages = {
            package: {name: MacroGenerator(macro, ctx, node, stack) for name, macro in macros.items()}
            for package, macros in macros_by_package.items()
        }
        internal: dict[str, MacroGenerator] = {}
        for package in reversed(self.internal_package_names_order):  # the first of them counts
            internal.update(packages.pop(package, {}))
        return QuickNamespace(
            packages.get(self.root_package, {}), packages.get(self.search_package, {}), internal, packages
        )


def message_of(event: BaseEvent, level: EventLevel | None = None) -> Any:
    """Return the message of an event, as `msg_from_base_event` of dbt_common does."""
    message = getattr(event.PROTO_TYPES_MODULE, f"{type(event).__name__}Msg")()
    info = message.info
    info.level = (level or event.level_tag()).value
    info.msg = event.message()
    info.invocation_id = get_invocation_id()
    info.extra.update(get_global_metadata_vars())
    info.ts.GetCurrentTime()
    info.pid = get_pid()
    info.thread = get_thread_name()
    info.code = event.code()
    info.name = type(event).__name__
    message.data.CopyFrom(event.pb_msg)
    return message


def _make_event(event: BaseEvent, *arguments: Any, **fields: Any) -> None:
    """Set an event's fields; where one is not of its type (a time may be a text, a message an error), dbt converts."""
    if not arguments:
        with suppress(AttributeError, TypeError, ValueError):
            event.pb_msg = getattr(event.PROTO_TYPES_MODULE, type(event).__name__)(**fields)
            return
    stock_event(event, *arguments, **fields)
