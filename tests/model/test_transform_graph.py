"""MODEL, GATE: whose a node is, what goes on beside a failed gate, and how a build is split; on graphs made for it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner
from hypothesis import given
from hypothesis import strategies as st

from local.home import ROOT
from transform_lambda.changes import Changes, changes_of, is_unapplied, redeclared
from transform_lambda.graph import REST, Graph, Node
from transform_lambda.manifest import graph_of
from transform_lambda.project import files_of

ITEMS_LOOK_UP_ORDERS = {
    "landing.orders": "",
    "landing.items": "",
    "stg_files": "",
    "stg_orders": "landing.orders",
    "stg_items": "landing.items",
    "checked_orders": "stg_orders stg_files",
    "orders": "checked_orders stg_orders",
    "checked_items": "stg_items stg_files orders",
    "items": "checked_items",
    "fct_orders": "orders items",
    "fct_orders_alone": "orders",
}
UPSERTS = {"orders", "items", "rates"}
GATES = {
    "schema_orders": "landing.orders",
    "rate_orders": "checked_orders",
    "volume_orders": "checked_orders stg_files",
    "rate_items": "checked_items",
    "items_have_orders": "checked_items orders",
    "published_orders": "orders",
    "unique_fct": "fct_orders",
}


def graph(models: Mapping[str, str] = ITEMS_LOOK_UP_ORDERS, gates: Mapping[str, str] = GATES) -> Graph:
    """Build a graph from names and the names of their parents; names with a dot are landing tables."""

    def node(name: str, parents: str, kind: str) -> Node:
        is_landing = "." in name
        return Node(
            id=name,
            kind="source" if is_landing else kind,
            selector=f"fqn:{name}",
            name=name,
            parents=frozenset(parents.split()),
            is_upsert=name in UPSERTS,
            dataset=name.removeprefix("landing.") if is_landing else None,
        )

    every = [
        *(node(*item, "model") for item in models.items()),
        *(node(*item, "test") for item in gates.items()),
    ]
    return Graph({each.id: each for each in every})


def statuses(of: Graph, failed: Iterable[str]) -> dict[str, str]:
    """Say how dbt ends a build of everything with some failed gates: what descends from all a gate reads is skipped."""
    found: dict[str, str] = {}
    for id_ in of.order:
        node = of.nodes[id_]
        if node.kind == "source":
            continue
        behind = any(of.nodes[gate].parents <= of.ancestors(id_) for gate in failed if node.kind == "model")
        lacking = any(found.get(parent) == "skipped" for parent in node.parents)
        found[id_] = "skipped" if behind or lacking else "fail" if id_ in failed else "success"
    return found


def going_on(failed: str, missing: Iterable[str] = ()) -> set[str]:
    """Return what goes on beside a failed gate."""
    of = graph()
    return set(of.going_on(statuses(of, [failed]), set(missing)))


def test_an_entity_does_not_own_the_way_to_the_table_that_it_looks_up() -> None:
    owned = graph().owned
    assert owned["orders"] == {"orders", "checked_orders", "stg_orders", "stg_files", "landing.orders"}
    assert owned["items"] == {"items", "checked_items", "stg_items", "stg_files", "landing.items"}


def test_items_go_on_beside_a_failed_gate_of_orders_with_all_their_own_gates() -> None:
    assert going_on("rate_orders") == {
        *("checked_items", "items", "fct_orders"),
        *("rate_items", "items_have_orders", "unique_fct"),
    }


def test_a_mart_of_nothing_that_was_renewed_is_not_built_and_a_gate_of_the_stopped_table_not_asked() -> None:
    assert not {"fct_orders_alone", "published_orders", "orders"} & going_on("rate_orders")


def test_beside_a_failed_gate_of_items_only_the_marts_of_renewed_orders_go_on() -> None:
    assert going_on("rate_items") == {"fct_orders", "unique_fct"}


def test_what_looks_up_a_table_that_is_not_there_yet_waits() -> None:
    assert going_on("rate_orders", missing=["orders"]) == set()


def test_a_failed_gate_of_a_dataset_stops_every_entity_that_is_made_from_it() -> None:
    both = ITEMS_LOOK_UP_ORDERS | {"stg_items": "landing.items landing.orders"}
    of = graph(both)
    assert of.going_on(statuses(of, ["schema_orders"])) == frozenset()
    assert "items" in graph().going_on(statuses(graph(), ["schema_orders"]))


def test_a_failed_gate_behind_the_upserts_holds_back_what_descends_from_it() -> None:
    of = graph(ITEMS_LOOK_UP_ORDERS | {"report": "fct_orders"})
    assert of.going_on(statuses(of, ["unique_fct"])) == frozenset()


def test_a_model_that_is_not_built_stops_its_own_entity_and_the_marts_that_read_it() -> None:
    of = graph()
    ended = dict.fromkeys(("stg_orders", "stg_items", "stg_files", "schema_orders"), "success")
    ended |= dict.fromkeys(set(of.nodes) - set(ended) - {"landing.orders", "landing.items"}, "skipped")
    found = of.going_on({**ended, "checked_orders": "fail"})
    assert {"checked_items", "items", "rate_items"} <= found
    assert not {"orders", "fct_orders", "unique_fct", "fct_orders_alone", "published_orders"} & found
    parts = of.parts(of.downstream(None))
    assert of.beside(parts["items"], {"checked_orders"}) == parts["items"]
    assert of.beside(parts[REST], {"checked_orders"}) == set()


def test_rows_that_are_staged_or_checked_otherwise_in_the_same_columns_are_told_to_stay_as_they_were() -> None:
    def node(name: str, folder: str, parents: str = "", **more: Any) -> Node:
        files = frozenset({f"{name}.sql", f"{name}.yml"})
        selector = f"fqn:landfall.{folder}.orders.{name}"
        return Node(name, "model", selector, name, frozenset(parents.split()), relation=name, files=files, **more)

    of = Graph(
        {
            each.id: each
            for each in (
                Node("landing.orders", "source", name="orders", dataset="orders", files=frozenset({"sources.yml"})),
                node("stg_orders", "staging", "landing.orders"),
                node("int_orders__checked", "gate", "stg_orders", entity="orders"),
                node("quarantine_orders", "gate", "int_orders__checked", entity="orders"),
                node("orders", "modeled", "int_orders__checked quarantine_orders", entity="orders", is_upsert=True),
            )
        }
    )
    orders = frozenset({"orders"})
    for path in ("stg_orders.sql", "int_orders__checked.sql"):
        assert changes_of(of, {path}) == Changes(orders, unapplied=orders)
        assert changes_of(of, {path, "orders.yml"}) == Changes(orders)  # other columns
    for path in ("stg_orders.yml", "quarantine_orders.sql", "orders.sql"):
        assert changes_of(of, {path}) == Changes(orders)
    assert changes_of(of, {"sources.yml", "stg_orders.sql"}) is None  # who knows which datasets there are now


@pytest.mark.parametrize(
    ("differing", "is_told"),
    [
        (["dbt_project/models/new.yml"], False),
        (["dbt_project/models/new.yml", "dbt_project/gates/generic/unlike.sql"], False),
        (["dbt_project/models/old.yml"], False),  # a description
        (["dbt_project/models/new.yml", "dbt_project/models/stg_old.sql"], True),
        (["dbt_project/models/new.yml", "macros/cast.sql"], True),
    ],
)
def test_rows_of_before_may_mean_something_else_but_not_by_a_dataset_that_is_new(
    differing: list[str], is_told: bool
) -> None:
    def source(name: str) -> Node:
        files = frozenset({f"dbt_project/models/{name}.yml"})
        return Node(f"landing.{name}", "source", name=name, dataset=name, files=files)

    def model(name: str, folder: str, parent: str, **more: Any) -> Node:
        files = frozenset({f"dbt_project/models/{name}.sql"})
        return Node(name, "model", f"fqn:landfall.{folder}.{name}", name, frozenset({parent}), files=files, **more)

    staged = model("stg_old", "staging", "landing.old")
    olds = [source("old"), staged, model("olds", "modeled", "stg_old", entity="olds", is_upsert=True)]
    before = Graph({each.id: each for each in olds}, {"dbt_project/models/old.yml": "1", "macros/cast.sql": "1"})
    nodes = {**before.nodes, "landing.new": source("new")}
    now = Graph(nodes, {**before.files, **dict.fromkeys(differing, "2")})
    assert is_unapplied(before, now) is is_told
    assert is_unapplied(now, now) is False


SOURCES = """
sources:
  - name: landing
    tables:
      - name: feed
        description: {description}
        config:
          freshness: {freshness}
          meta: {meta}
        columns:
          - {{name: id, data_type: {id_type}}}
          - {{name: Op, data_type: {op_type}}}
"""
STAGED = """
models:
  - name: stg_feed
    description: {description}
    config: {{meta: {staged_meta}}}
    columns: [{{name: id, data_type: {staged_type}}}]
"""
FEED: Mapping[str, str] = {
    "description": "One row per change.",
    "freshness": "null",
    "meta": "{changes: {operation: op}}",
    "id_type": "varchar(max)",
    "op_type": "varchar(max)",
    "staged_meta": "{}",
    "staged_type": "varchar(64)",
}


@pytest.mark.parametrize(
    ("said", "is_told"),
    [
        ({"description": "Another."}, False),
        ({"freshness": "{warn_after: {count: 2, period: day}}"}, False),
        ({"meta": "{changes: {operation: op}, retention_days: 400, sensitive: true}"}, False),
        ({"id_type": "varchar(9)"}, False),  # which no rule of `changes` reads
        ({"op_type": "bigint"}, True),
        ({"meta": "{changes: {operation: op, codes: {delete: [X]}}}"}, True),
        ({"meta": "{changes: {operation: op}, snapshot: {end: file}}"}, True),
        ({"staged_type": "varchar(32)"}, True),
        ({"staged_meta": "{narrowed_key: [id]}"}, True),
    ],
)
def test_of_yaml_only_what_rows_are_read_by_makes_them_mean_something_else(
    tmp_path: Path, said: Mapping[str, str], is_told: bool
) -> None:
    """Read by dbt itself, from a project of one feed."""

    def graph_with(folder: str, values: Mapping[str, str]) -> Graph:
        models = tmp_path / folder / "dbt_project" / "models"
        for path, text in {
            "landing/sources.yml": SOURCES.format(**values),
            "staging/stg_feed.yml": STAGED.format(**values),
            "staging/stg_feed.sql": "select id from {{ source('landing', 'feed') }}",
            "modeled/feed.yml": "models: [{name: feed, config: {meta: {entity: feed}}}]",
            "modeled/feed.sql": "select id from {{ ref('stg_feed') }}",
        }.items():
            (models / path).parent.mkdir(parents=True, exist_ok=True)
            (models / path).write_text(text)
        (tmp_path / folder / "dbt_project.yml").write_text(
            "{name: landfall, profile: landfall, model-paths: [dbt_project/models]}"
        )
        return replace(graph_of(parsed(tmp_path / folder)), files=files_of(tmp_path / folder, "w"))

    before, now = graph_with("before", FEED), graph_with("now", {**FEED, **said})
    assert (is_unapplied(before, now), redeclared(before, now)) == (is_told, frozenset({"feed"} if is_told else ()))


def parsed(project: Path) -> Any:
    """Have dbt parse a project, with the profile of ours."""
    arguments = ["--quiet", "parse", "--project-dir", str(project), "--profiles-dir", str(ROOT), "--no-write-json"]
    return dbtRunner().invoke([*arguments, "--target-path", str(project / "target")]).result


def test_nothing_goes_on_when_nothing_failed() -> None:
    of = graph()
    assert of.going_on(statuses(of, [])) == frozenset()


def test_a_build_is_split_by_entity_in_the_order_of_look_ups_with_each_gate_where_its_last_table_is() -> None:
    of = graph()
    parts = of.parts(of.downstream(None))
    assert list(parts) == ["orders", "items", REST]
    assert parts["orders"] == {
        *("stg_orders", "stg_files", "checked_orders", "orders"),
        *("schema_orders", "rate_orders", "volume_orders", "published_orders"),
    }
    assert parts["items"] == {"stg_items", "checked_items", "items", "rate_items", "items_have_orders"}
    assert parts[REST] == {"fct_orders", "fct_orders_alone", "unique_fct"}


def test_a_part_leaves_out_what_gates_of_parts_before_it_were_to_stop_and_asks_no_gate_of_that() -> None:
    of = graph(ITEMS_LOOK_UP_ORDERS | {"stg_items": "landing.items landing.orders"})
    parts = of.parts(of.downstream(None))
    assert "schema_orders" in parts["orders"]
    assert of.beside(parts["items"], {"schema_orders"}) == frozenset()
    assert of.beside(parts["items"], {"rate_orders"}) == parts["items"]
    assert of.beside(parts[REST], {"schema_orders"}) == parts[REST]
    assert of.beside(parts[REST], {"items_have_orders"}) == {"fct_orders_alone"}
    assert of.beside(parts["items"], set()) == parts["items"]


def test_a_build_of_one_dataset_has_no_part_for_entities_that_it_does_not_reach() -> None:
    of = graph()
    assert list(of.parts(of.downstream(["items"]))) == ["items", REST]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw a project of two or three entities that look each other up, with gates on anything."""
    models = {"landing.a": "", "landing.b": "", "landing.c": ""}
    for letter, upsert in zip("abc", sorted(UPSERTS), strict=True):
        above = [name for name in models if name in UPSERTS or name.startswith("landing.")]
        looked_up = draw(st.lists(st.sampled_from(above), max_size=2, unique=True))
        models[f"checked_{upsert}"] = " ".join({f"landing.{letter}", *looked_up})
        models[upsert] = f"checked_{upsert}"
    for number in range(draw(st.integers(0, 2))):
        models[f"mart_{number}"] = " ".join(draw(st.sets(st.sampled_from(sorted(UPSERTS)), min_size=1)))
    gate = st.sets(st.sampled_from(sorted(models)), min_size=1, max_size=2)
    gates = {f"gate_{number}": " ".join(parents) for number, parents in enumerate(draw(st.lists(gate, max_size=4)))}
    return graph(models, gates)


@given(graphs())
def test_parts_hold_every_node_once_and_what_a_node_is_built_from_before_it(of: Graph) -> None:
    selected = of.downstream(None)
    parts = of.parts(selected)
    assert sorted(id_ for ids in parts.values() for id_ in ids) == sorted(selected)
    built: set[str] = set()
    for ids in parts.values():
        built |= ids
        assert all(of.ancestors(id_) & selected <= built for id_ in ids)


@given(graphs(), st.data())
def test_what_goes_on_was_skipped_and_is_never_what_the_failed_gate_was_to_stop(of: Graph, data: st.DataObject) -> None:
    gates = [node.id for node in of.nodes.values() if node.kind == "test"]
    failed = data.draw(st.sets(st.sampled_from(gates))) if gates else set()
    ended = statuses(of, failed)
    found = of.going_on(ended)
    assert all(ended[id_] == "skipped" for id_ in found)
    for gate in failed & {id_ for id_, status in ended.items() if status == "fail"}:
        for upsert, owned in of.owned.items():
            if of.nodes[gate].parents <= owned:
                assert upsert not in found


@given(graphs(), st.sets(st.sampled_from(sorted(UPSERTS))))
def test_nothing_that_reads_a_missing_table_is_built(of: Graph, missing: set[str]) -> None:
    ids = of.without(of.parts(of.downstream(None)).get("orders", frozenset()), missing)
    assert not any(of.ancestors(id_) & (missing - {"orders"}) for id_ in ids)
