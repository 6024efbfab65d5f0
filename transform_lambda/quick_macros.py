"""MODEL: the macros that dbt's templates can name, of which only those are made that are named.

In: the manifest's macros. Out: what dbt gives a template, name by name the same; `quick_dbt.py` puts it in its place.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from dbt.clients.jinja import MacroGenerator, MacroStack
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from dbt.contracts.graph.nodes import Macro
from dbt_common.exceptions.macros import MacroReturn

stock_to_dict: Any = ManifestContext.to_dict  # untyped
_stock_namespace = ManifestContext._build_namespace


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

    def __bool__(self) -> bool:
        """Tell whether there is any: asked for each template that is rendered, and by the count all would be made."""
        return super().__len__() > 0 or bool(self.later)

    def keys(self) -> Any:
        """Return all keys."""
        return super(Late, self._whole()).keys()

    def values(self) -> Any:
        """Return all values."""
        return super(Late, self._whole()).values()

    def items(self) -> Any:
        """Return all of both."""
        return super(Late, self._whole()).items()

    def copy(self) -> dict[str, Any]:
        """Return all of both as a dictionary: that of a subclass would have its own alone."""
        return dict(self)

    def __or__(self, other: Any) -> Any:
        """Join all of both with another."""
        return dict(self) | other

    def own(self) -> list[str]:
        """Return the keys whose values are there already."""
        return list(super().__iter__())

    def _whole(self) -> Late:
        for key in self.later:
            self[key]
        return self


class QuickMacro(MacroGenerator):
    """A macro whose template is run once in its context: that gives a function, which looks names up when called.

    So it sees what changes in the context, since dbt_common's templates refer to it; jinja's own would copy it.
    """

    @functools.cached_property
    def _function(self) -> Any:
        return super().get_macro()

    def get_macro(self) -> Any:
        """Return what the macro's template defines."""
        return self._function

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call it as dbt does; a call that goes well takes none of dbt's two context managers."""
        macro: Any = self.macro  # its type is a protocol's, without the id
        stack, name = self.stack, macro.unique_id
        if stack is not None:
            if not stack.call_stack and self.node:
                self.node.depends_on.add_macro(name)
            stack.push(name)
        try:
            return self.call_macro(*arguments, **named)
        finally:
            if stack is not None:
                stack.pop(name)

    def call_macro(self, *arguments: Any, **named: Any) -> Any:
        """Return what the macro returns, or writes."""
        function = self._function
        try:
            return function(*arguments, **named)
        except MacroReturn as returned:
            return returned.value
        except Exception:
            with self.exception_handler():  # dbt's own, which says in which macro it was
                raise


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


def build_namespace(context: ManifestContext) -> MacroNamespace:
    """Give a context its macros before it has anything else, so that they are bound to what takes them over later."""
    context._ctx = late = Late({})
    late.later = namespace = _stock_namespace(context)
    return namespace


def context_of(context: ManifestContext) -> Any:
    """Return a context's names with what they stand for; a macro hides what else has its name, as in dbt's."""
    if not isinstance(context._ctx, Late):
        return stock_to_dict(context)
    stock: Any = super(ManifestContext, context)  # untyped
    told = stock.to_dict()
    told.update({name: context.namespace[name] for name in context._ctx.own() if name in context.namespace})
    return told
