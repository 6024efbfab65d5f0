"""MODEL: what dbt's parse is spared leaves schemas, descriptions, macros and templates what they are."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbt.artifacts.resources.v1.snapshot import SnapshotConfig
from dbt_common.clients.jinja import MacroFuzzEnvironment, get_environment, parse
from dbt_common.exceptions import CompilationError
from jinja2 import Environment
from jinja2.nativetypes import NativeEnvironment
from jinja2.nodes import Call
from jinja2.sandbox import SandboxedEnvironment
from mashumaro.jsonschema import build_json_schema
from mashumaro.jsonschema import schema as json_schema

from local.home import ROOT
from transform_lambda import quick_parse
from transform_lambda.quick_parse import compile_once, doc_blocks, load_macros, no_default, stock_doc_blocks

# What dbt is told of a manifest's time, and nothing else, may differ from one parse to another.
TIMES = {"created_at", "generated_at", "invocation_started_at", "run_started_at", "invocation_id"}
QUICK = """
import sys
from pathlib import Path
from transform_lambda.dbt_runtime import manifest_of
manifest_of(Path(sys.argv[1]), lambda event: None).write(sys.argv[2])
"""
MACRO = "{% macro a(b, c=1) %}{{ d(b) }}{{ adapter.dispatch('e')(c) }}{% endmacro %}"


def test_the_projects_manifest_is_that_of_dbt_as_it_is_installed(tmp_path: Path) -> None:
    python, quick = Path(sys.executable), tmp_path / "quick.json"
    subprocess.run([str(python), "-c", QUICK, str(ROOT), str(quick)], cwd=ROOT, check=True)  # noqa: S603 - our own code
    stock = [str(python.with_name("dbt")), "parse", "--quiet", "--no-partial-parse"]
    stock += ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
    stock += ["--target-path", str(tmp_path), "--log-path", str(tmp_path)]
    subprocess.run(stock, cwd=ROOT, check=True)  # noqa: S603 - dbt as it is installed
    manifest = without_times(tmp_path / "manifest.json")
    assert len(manifest["nodes"]) > 50
    assert without_times(quick) == manifest


def without_times(manifest: Path) -> Any:
    """Read a manifest without what differs from one parse to the next."""

    def kept(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {name: value for name, value in pairs if name not in TIMES}

    return json.loads(manifest.read_bytes(), object_pairs_hook=kept)


def test_a_schema_differs_by_its_defaults_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_schema, "_default", lambda _type, value, _config: f"the default: {value}")
    whole = build_json_schema(SnapshotConfig).to_dict()
    monkeypatch.setattr(json_schema, "_default", no_default)
    bare = build_json_schema(SnapshotConfig).to_dict()
    assert "the default: True" in str(whole)
    assert bare == without_defaults(whole)


def without_defaults(schema: Any) -> Any:
    """Return a schema without what it says of defaults."""
    if isinstance(schema, list):
        return [without_defaults(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: without_defaults(value)
        for name, value in schema.items()
        if not (name == "default" and str(value).startswith("the default: "))
    }


class Docs:
    """A manifest that has two doc blocks."""

    metadata = SimpleNamespace(project_name="landfall")

    def resolve_doc(self, name: str, package: str | None, _project: str, _node_package: str) -> Any:
        """Find one of them."""
        return SimpleNamespace(unique_id=f"doc.{package or 'landfall'}.{name}") if name in ("a", "b") else None


@pytest.mark.parametrize(
    "description",
    ["", "plain", "50 % of }} it", "{{ doc('a') }}", "an {{ doc('other', 'b') }} and {{ doc('c') }}", "{# none #}"],
)
def test_a_description_names_the_doc_blocks_that_dbt_finds_in_it(description: str) -> None:
    assert doc_blocks(description, Docs(), "landfall") == stock_doc_blocks(description, Docs(), "landfall")  # type: ignore[arg-type]  # what it asks of a manifest
    assert doc_blocks("{{ doc('a') }}", Docs(), "landfall") == ["doc.landfall.a"]


def test_a_description_that_jinja_cannot_read_stays_an_error() -> None:
    with pytest.raises(CompilationError, match="unexpected"):
        doc_blocks("{{ doc('a'", Docs(), "landfall")


def test_a_macro_is_read_once_for_its_text_and_its_calls_and_anew_after_that(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    stock = quick_parse.stock_parse

    def reading(environment: Environment, source: str, *where: Any) -> Any:
        read.append(source)
        return stock(environment, source, *where)

    trees: list[Any] = []

    def load(_loader: Any, _files: Any) -> None:
        trees.append(get_environment().parse(MACRO))
        trees.append(get_environment(None, capture_macros=True).parse(MACRO))
        trees.append(get_environment().parse(MACRO))

    monkeypatch.setattr(quick_parse, "stock_parse", reading)
    monkeypatch.setattr(quick_parse, "stock_load_macros", load)
    load_macros(None, None)  # type: ignore[arg-type]  # which only the stock one reads
    assert trees[1] is trees[0]
    assert trees[2] is not trees[0]
    assert trees[2] == trees[0]
    assert len(list(trees[1].find_all(Call))) == 3
    assert read == [MACRO, MACRO]


def test_templates_are_parsed_as_ever_once_macros_are_and_also_when_they_cannot_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(_loader: Any, _files: Any) -> None:
        parse("{% macro %}")

    monkeypatch.setattr(quick_parse, "stock_load_macros", load)
    with pytest.raises(CompilationError, match="expected token"):
        load_macros(None, None)  # type: ignore[arg-type]  # which only the stock one reads
    assert MacroFuzzEnvironment.parse is Environment.parse


def test_a_template_is_compiled_once_for_each_class_of_environment_and_gives_what_it_gave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = "{{ (1, 2) }}{% set a = b %}{{ a }}"
    for environment in (SandboxedEnvironment, NativeEnvironment):
        first, second = environment(), environment()
        code = compile_once(first, source)
        assert compile_once(second, source) is code
        templates = [second.from_string(source), second.template_class.from_code(second, code, {"b": 1})]
        assert templates[0].render(b=1) == templates[1].render(b=1)
    assert compile_once(SandboxedEnvironment(), source) is not compile_once(NativeEnvironment(), source)
    monkeypatch.setattr(quick_parse, "_MOST_COMPILED", 0)
    assert compile_once(SandboxedEnvironment(), "{{ 1 }}") is not compile_once(SandboxedEnvironment(), "{{ 2 }}")
    assert len(quick_parse._compiled) == 1
