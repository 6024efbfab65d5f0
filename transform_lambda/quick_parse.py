"""MODEL: dbt's parse of a project without what is done for each time it is asked, and comes to the same.

In: dbt as installed. Out: the same manifest. dbt has code compiled for every default value of its JSON schemas, which
no validation reads; has jinja compile equal templates anew, of which a project's descriptions and settings have many;
reads each macro a second time to find whom it calls; and reads every description for `doc` blocks that few have.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import MISSING
from typing import Any

from dbt.parser import manifest as manifest_parser
from dbt.parser.manifest import ManifestLoader
from dbt_common.clients.jinja import MacroFuzzEnvironment, NativeSandboxEnvironment
from jinja2 import Environment
from mashumaro.jsonschema import schema as json_schema

stock_doc_blocks = manifest_parser._get_doc_blocks
stock_load_macros: Callable[..., None] = ManifestLoader.load_and_parse_macros
stock_parse = Environment.parse
stock_compile: Callable[..., Any] = Environment.compile
_MOST_COMPILED = 4096  # templates of a few kilobytes, some three times those of this project
_compiled: dict[tuple[Any, ...], Any] = {}


@functools.cache
def quicken() -> None:
    """Let dbt take the shorter ways, in this process; dbt offers no setting for it."""
    ways: tuple[tuple[Any, str, Any], ...] = (
        (json_schema, "_default", no_default),
        (manifest_parser, "_get_doc_blocks", doc_blocks),
        (ManifestLoader, "load_and_parse_macros", load_macros),
        (MacroFuzzEnvironment, "compile", compile_once),
        (NativeSandboxEnvironment, "compile", compile_once),
    )
    for owner, name, way in ways:
        setattr(owner, name, way)


def no_default(*_field: Any) -> Any:
    """Leave a field's default out of its JSON schema: validation does not read it (JSON Schema draft 7, 10.2)."""
    return MISSING


def doc_blocks(description: str, manifest: Any, node_package: str) -> list[str]:
    """Return the ids of the doc blocks that a description names: none, where it holds nothing for jinja."""
    return stock_doc_blocks(description, manifest, node_package) if "{" in str(description) else []


def load_macros(loader: ManifestLoader, files: Any) -> None:
    """Parse the macros, and find whom each of them calls in what was read of it then: both only read the tree."""
    trees: dict[str, Any] = {}

    def parse(environment: Environment, source: str, name: str | None = None, filename: str | None = None) -> Any:
        """Read a text the first time, and give its tree away the second."""
        if name is not None or filename is not None:
            return stock_parse(environment, source, name, filename)
        if source in trees:
            return trees.pop(source)
        tree = trees[source] = stock_parse(environment, source)
        return tree

    parsing: Any = MacroFuzzEnvironment  # not jinja's: only as long as macros are parsed
    parsing.parse = parse
    try:
        stock_load_macros(loader, files)
    finally:
        del parsing.parse


def compile_once(environment: Environment, source: Any, *how: Any) -> Any:
    """Compile a template as jinja does, but for one that an environment of the same class has compiled before."""
    key = (type(environment), source, *how)
    if (code := _compiled.get(key)) is None:
        if len(_compiled) >= _MOST_COMPILED:
            _compiled.clear()
        code = _compiled[key] = stock_compile(environment, source, *how)
    return code
