"""MODEL: dbt without what takes it much of its time: contexts and events, made anew for every node and query.

In: dbt as installed. Out: the same dbt, whose macros are found and whose events are told as before, by a shorter way.
dbt gives every template a context of all macros, some 900, each looked for in five places, and of all variables, merged
anew; runs a macro's template again for each call; makes every event, heard by anybody or not, from two JSON documents,
and a line of the log of it; and writes each node out as a whole to learn its type.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from dbt.clients.jinja import MacroGenerator, MacroStack
from dbt.compilation import Linker
from dbt.context import manifest as manifest_context
from dbt.context import providers
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import Macro
from dbt_common.events import event_manager, logger
from dbt_common.events.base_types import (
    BaseEvent,
    EventLevel,
    get_global_metadata_vars,
    get_pid,
    get_thread_name,
    msg_from_base_event,
)
from dbt_common.invocation import get_invocation_id
from redshift_connector.metadataAPIHelper import MetadataAPIHelper

stock_message = msg_from_base_event
stock_event = BaseEvent.__init__
stock_line = logger._Logger.write_line
stock_summary = Linker.get_graph_summary
stock_to_dict: Any = manifest_context.ManifestContext.to_dict  # untyped
_stock_namespace = manifest_context.ManifestContext._build_namespace
_stock_variables = providers.ModelConfiguredVar._generate_merged
stock_helper = MetadataAPIHelper.__init__


@functools.cache
def quicken() -> None:
    """Let dbt take the shorter ways, in this process; dbt offers no setting for it."""
    of_context = manifest_context.ManifestContext
    for owner, name, way in (
        (manifest_context, "MacroNamespaceBuilder", QuickNamespaceBuilder),
        (providers, "MacroNamespaceBuilder", QuickNamespaceBuilder),
        (of_context, "_build_namespace", _build_namespace),
        (of_context, "to_dict", context_of),
        (providers.ModelConfiguredVar, "_generate_merged", _variables_of),
        (Linker, "get_graph_summary", summary_of),
        (BaseEvent, "__init__", _make_event),
        (event_manager, "msg_from_base_event", message_of),
        (logger._Logger, "write_line", write_line),
        (MetadataAPIHelper, "__init__", _know_metadata),
    ):
        setattr(owner, name, way)


class Late(dict[str, Any]):
    """A dictionary whose values beside its own are taken from another mapping, each when it is first asked for."""

    def __init__(self, later: Mapping[str, Any]) -> None:
        """Begin with none of its own."""
        super().__init__()
        self.later = later

    def __missing__(self, key: str) -> Any:
        """Take a value over."""
        self[key] = value = self.later[key]
        return value

    def __contains__(self, key: object) -> bool:
        """Tell whether there is such a value."""
        return super().__contains__(key) or key in self.later

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or the default."""
        try:
            return self[key]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[str]:
        """Iterate over all keys."""
        return super(Late, self._whole()).__iter__()

    def __len__(self) -> int:
        """Count all."""
        return super(Late, self._whole()).__len__()

    def keys(self) -> Any:
        """Return all keys."""
        return super(Late, self._whole()).keys()

    def values(self) -> Any:
        """Return all values."""
        return super(Late, self._whole()).values()

    def items(self) -> Any:
        """Return all of both."""
        return super(Late, self._whole()).items()

    def own(self) -> list[str]:
        """Return the keys whose values are there already."""
        return list(super().__iter__())

    def _whole(self) -> Late:
        for key in self.later:
            self[key]
        return self


class _LateVariables(Mapping[str, Any]):
    """The variables that a node sees, merged when the first is looked for: few templates name one."""

    def __init__(self, of: providers.ModelConfiguredVar) -> None:
        self._of = of

    @functools.cached_property
    def _merged(self) -> Mapping[str, Any]:
        return _stock_variables(self._of)

    def __getitem__(self, key: str) -> Any:
        return self._merged[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._merged)

    def __len__(self) -> int:
        return len(self._merged)


class QuickMacro(MacroGenerator):
    """A macro whose template is run once in its context: that gives a function, which looks names up when called."""

    @functools.cached_property
    def _function(self) -> Any:
        return super().get_macro()

    def get_macro(self) -> Any:
        """Return what the macro's template defines."""
        return self._function


class PackageMacros(Mapping[str, QuickMacro]):
    """The macros of one package, as callables in a context."""

    def __init__(
        self, macros: Mapping[str, Macro], context: dict[str, Any], node: Any | None, stack: MacroStack
    ) -> None:
        """Make none of them yet."""
        self._macros = macros
        self._bound = (context, node, stack)

    def __getitem__(self, name: str) -> QuickMacro:
        """Make one."""
        return QuickMacro(self._macros[name], *self._bound)

    def __contains__(self, name: object) -> bool:
        """Tell whether the package has it."""
        return name in self._macros

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._macros)

    def __len__(self) -> int:
        """Count the macros."""
        return len(self._macros)


class QuickNamespace(MacroNamespace):
    """The macros that a template can name, looked for where dbt looks, and no more of them made than are named."""

    @functools.cached_property
    def _places(self) -> list[Any]:
        return list(self._search_order())

    def __getitem__(self, key: str) -> Any:
        """Return a macro, or the macros of a package."""
        for place in self._places:
            if key in place:
                return place[key]
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        """Tell whether a template can name it."""
        return any(key in place for place in self._places)


class QuickNamespaceBuilder(MacroNamespaceBuilder):
    """Builds it package by package, as the manifest has the macros already."""

    def build_namespace(
        self, macros_by_package: Mapping[str, Mapping[str, Macro]], ctx: dict[str, Any]
    ) -> MacroNamespace:
        """Return the macros of all packages in a context; first those of the node's package, then the project's."""
        internal: dict[str, Macro] = {}
        for package in reversed(self.internal_package_names_order):  # the first of them counts
            internal.update(macros_by_package.get(package, {}))

        def late(macros: Mapping[str, Macro]) -> Late:
            return Late(PackageMacros(macros, ctx, self.node, self.thread_ctx))

        packages: dict[str, Any] = {
            package: late(macros)
            for package, macros in macros_by_package.items()
            if package not in self.internal_package_names
        }
        return QuickNamespace(
            packages.get(self.root_package, {}), packages.get(self.search_package, {}), late(internal), packages
        )


def _build_namespace(context: manifest_context.ManifestContext) -> MacroNamespace:
    """Give a context its macros before it has anything else, so that they are bound to what takes them over later."""
    context._ctx = late = Late({})
    late.later = namespace = _stock_namespace(context)
    return namespace


def context_of(context: manifest_context.ManifestContext) -> Any:
    """Return a context's names with what they stand for; a macro hides what else has its name, as in dbt's."""
    if not isinstance(context._ctx, Late):
        return stock_to_dict(context)
    stock: Any = super(manifest_context.ManifestContext, context)  # untyped
    told = stock.to_dict()
    told.update({name: context.namespace[name] for name in context._ctx.own() if name in context.namespace})
    return told


def _variables_of(variables: providers.ModelConfiguredVar) -> Mapping[str, Any]:
    variables._config.load_dependencies()  # on which dbt relies elsewhere
    return _LateVariables(variables)


def summary_of(linker: Linker, manifest: Manifest) -> dict[int, dict[str, Any]]:
    """Return the graph as numbered nodes with their names, types and successors: dbt keeps it for its own diagnosis."""
    numbers = {name: number for number, name in enumerate(linker.graph)}
    summary: dict[int, dict[str, Any]] = {
        number: {"name": name, "type": manifest.expect(name).resource_type.value} for name, number in numbers.items()
    }
    for name, number in numbers.items():
        successors = [numbers[after] for after in linker.graph.successors(name)]
        if successors:
            summary[number]["succ"] = successors
    return summary


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


def write_line(log: logger._Logger, message: Any) -> None:
    """Write an event to a log, where the log takes events of its level: dbt makes the line first, and then asks."""
    level = "error" if logger._is_print_event(message) else message.info.level
    if log._python_logger is not None and log._python_logger.isEnabledFor(logger._log_level_map[EventLevel(level)]):
        stock_line(log, message)


@functools.cache
def _metadata() -> Mapping[str, Any]:
    helper = MetadataAPIHelper.__new__(MetadataAPIHelper)
    stock_helper(helper)
    return vars(helper)


def _know_metadata(helper: MetadataAPIHelper) -> None:
    """Take over what redshift_connector makes anew, twice for each cursor: some 80 descriptions of metadata."""
    vars(helper).update(_metadata())
