"""MODEL: dbt without what takes it much of its time: contexts and events, made anew for every node and query.

In: dbt as installed. Out: the same dbt, whose macros are found and whose events are told as before, by a shorter way.
dbt gives every template a context of all macros, some 900, each looked for in five places, and of all variables, merged
anew; runs a macro's template again for each call; makes every event, heard by anybody or not, from two JSON documents,
and a line of the log of it; writes each node out as a whole to learn its type; holds the project to its JSON schema
thrice for each command; and has the words for dates of a language read for each answer of the warehouse, of which it
makes a table.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import pickle
import types
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import parsedatetime  # type: ignore[import-untyped]  # it ships no types, as networkx
from dbt.compilation import Linker
from dbt.context import manifest as manifest_context
from dbt.context import providers
from dbt.contracts.graph.manifest import Manifest
from dbt_common.dataclass_schema import dbtClassMixin
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
from jinja2.sandbox import SandboxedEnvironment
from networkx import is_directed_acyclic_graph  # type: ignore[import-untyped]
from redshift_connector.metadataAPIHelper import MetadataAPIHelper

from transform_lambda import quick_parse
from transform_lambda.quick_macros import QuickNamespaceBuilder, build_namespace, context_of

stock_message = msg_from_base_event
stock_event = BaseEvent.__init__
stock_line = logger._Logger.write_line
stock_summary = Linker.get_graph_summary
stock_cycle: Any = Linker.find_cycles  # untyped
stock_is_safe = SandboxedEnvironment.is_safe_attribute
_stock_variables = providers.ModelConfiguredVar._generate_merged
stock_validate = dbtClassMixin.__dict__["validate"].__func__
stock_helper = MetadataAPIHelper.__init__
# What has attributes that jinja keeps from templates, beside those whose names begin with an underscore.
_WITH_INTERNALS = (
    type,
    types.FunctionType,
    types.MethodType,
    types.CodeType,
    types.TracebackType,
    types.FrameType,
    types.GeneratorType,
    types.CoroutineType,
    types.AsyncGeneratorType,
)
_LEVELS = {level.value: number for level, number in logger._log_level_map.items()}


@functools.cache
def quicken() -> None:
    """Let dbt take the shorter ways, in this process; dbt offers no setting for it."""
    quick_parse.quicken()
    of_context = manifest_context.ManifestContext
    for owner, name, way in (
        (manifest_context, "MacroNamespaceBuilder", QuickNamespaceBuilder),
        (providers, "MacroNamespaceBuilder", QuickNamespaceBuilder),
        (of_context, "_build_namespace", build_namespace),
        (of_context, "to_dict", context_of),
        (providers.ModelConfiguredVar, "_generate_merged", _variables_of),
        (Linker, "get_graph_summary", summary_of),
        (Linker, "find_cycles", cycle_of),
        (SandboxedEnvironment, "is_safe_attribute", is_safe),
        (BaseEvent, "__init__", _make_event),
        (event_manager, "msg_from_base_event", message_of),
        (logger._Logger, "write_line", write_line),
        (dbtClassMixin, "validate", classmethod(validate_once)),
        (parsedatetime, "Constants", functools.cache(parsedatetime.Constants)),
        (MetadataAPIHelper, "__init__", _know_metadata),
    ):
        setattr(owner, name, way)


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


def cycle_of(linker: Linker) -> str | None:
    """Return the graph's cycle, as dbt words it: looked for only where the nodes cannot be put in an order."""
    cycle: str | None = None if is_directed_acyclic_graph(linker.graph) else stock_cycle(linker)
    return cycle


def is_safe(environment: SandboxedEnvironment, obj: Any, attr: str, value: Any) -> bool:
    """Tell whether a template may read an attribute, as jinja does, which asks for each of these kinds by itself."""
    if attr.startswith("_"):
        return False
    return not isinstance(obj, _WITH_INTERNALS) or stock_is_safe(environment, obj, attr, value)


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
    if log._python_logger is not None and log._python_logger.isEnabledFor(_LEVELS.get(level, logging.CRITICAL)):
        stock_line(log, message)


_valid: set[tuple[type, bytes]] = set()


def validate_once(kind: type[dbtClassMixin], data: Any) -> None:
    """Hold data to the JSON schema of a class, but for what has kept to it before; what does not is dbt's error."""
    try:
        known = (kind, hashlib.sha256(pickle.dumps(data)).digest())
    except Exception:  # whatever there is in it that cannot be written down
        stock_validate(kind, data)
        return
    if known not in _valid:
        stock_validate(kind, data)
        _valid.add(known)


@functools.cache
def _metadata() -> Mapping[str, Any]:
    helper = MetadataAPIHelper.__new__(MetadataAPIHelper)
    stock_helper(helper)
    return vars(helper)


def _know_metadata(helper: MetadataAPIHelper) -> None:
    """Take over what redshift_connector makes anew, twice for each cursor: 80 descriptions that it only reads."""
    vars(helper).update(_metadata())
