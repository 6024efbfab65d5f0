"""MODEL: which landed rows no model will ask for again. In: dbt's graph, the warehouse. Out: bounds, a dataset each.

Rows may leave landing that every model of their dataset has taken in, for good: none that a gate holds back, none that
is quarantined or waits for its parent. What reads landed rows beside the checks of an entity reads all of them each
time, so that a dataset which has such a reader keeps its rows.
"""

# ruff: noqa: S608 - our own names, of the form [a-z0-9_.]

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from transform_lambda.dbt_runtime import Query
from transform_lambda.graph import Graph, Node

KEPT_MOST = 1_000  # files, by their ids of 64 characters: of the 100 KB that a statement may have
TABLES_SQL = (
    "select schemaname || '.' || tablename as name from pg_tables where schemaname like '%gate' "
    "or schemaname like '%modeled'"
)


def answer(
    query: Query, graph: Graph, datasets: Sequence[str], rebuilt: Iterable[str] = (), *, is_built: bool = True
) -> dict[str, Any]:
    """Say of each dataset up to which load its rows may go, which files stay all the same, or why none may go.

    `rebuilt`: the datasets of which what is made is to be built from the first row. `is_built`: whether all that stands
    is made by this version of the project; the next run may read from the first row what is not.

    Returns:
        {"datasets": {name: {"upto_seq", "kept": [file id], "refused": why or None, "declared": what this version of the
        project declares of its rows}}, "read_with": {name: [dataset]}}
    """
    sources = {node.dataset: node for node in graph.landing}
    tables = {row["name"] for row in query(TABLES_SQL)}
    taken = _taken(query, datasets)
    due = frozenset().union(*(graph.read_with(name) for name in rebuilt))
    said = {
        name: _refused(
            "the project has changed and was not built, or a gate stops some of it: landfall transform --wait"
        )
        if not is_built
        else _refused("what is made from it is to be built from its first row: landfall transform --wait")
        if name in due
        else _bounds(query, graph, name, tables, taken)
        for name in datasets
    }
    return {
        "datasets": {name: {**said[name], "declared": _declared(sources.get(name))} for name in datasets},
        "read_with": {name: sorted(graph.read_with(name)) for name in datasets},
    }


def _declared(source: Node | None) -> dict[str, Any]:
    """Spell what this version of the project declares of a dataset's rows; nothing, where it has no such source."""
    return {
        "retention_days": source.retention_days if source else None,
        "lists_each_file": source is not None and source.snapshot_end == "file",
    }


def _taken(query: Query, datasets: Sequence[str]) -> dict[tuple[str, str], int]:
    names = ", ".join(f"'{name}'" for name in datasets)
    rows = query(
        "select model, dataset, max(upto_seq) as upto_seq from ops.model_loads "
        f"where dataset in ({names}) group by model, dataset"
    )
    return {(row["model"], row["dataset"]): int(row["upto_seq"]) for row in rows}


def _bounds(
    query: Query, graph: Graph, dataset: str, tables: set[str], taken: dict[tuple[str, str], int]
) -> dict[str, Any]:
    entities = sorted(graph.entities_of(dataset))
    if not entities:
        return _refused("no model takes its rows in, so that nobody has them but landing")
    if beside := graph.beside_the_checks(dataset):
        return _refused(f"{', '.join(beside)} reads its landed rows each time: let it read the modeled table")
    models = {name: [node.relation for node in graph.of_entity(name, "modeled")] for name in entities}
    upto = min(taken.get((model, dataset), 0) for of_entity in models.values() for model in of_entity)
    checked = {
        node.relation: models[name]
        for name in entities
        for node in graph.of_entity(name, "gate")
        if node.name.endswith("__checked")
    }
    if upto == 0 or not checked:
        return _refused("its models have not taken it in yet")
    needed = {*checked, *(model for of_entity in models.values() for model in of_entity)}
    if lacking := sorted(needed - tables):
        return _refused(f"{', '.join(lacking)} is not there, so that the next run builds it from its first row")
    open_files = query(open_files_sql(dataset, checked))
    if len(open_files) > KEPT_MOST:
        upto = min(upto, int(open_files[KEPT_MOST]["load_seq"]) - 1)
    return {"upto_seq": upto, "kept": [row["file_id"] for row in open_files[:KEPT_MOST]], "refused": None}


def open_files_sql(dataset: str, checked: dict[str, list[str]]) -> str:
    """List the files that have an open row, the first to land first: not accepted, or accepted and not upserted.

    `checked`: the tables of checked rows, each with the models that take them in.
    """
    parts = (
        f"select _file_id as file_id, _load_seq as load_seq from {table} where _dataset = '{dataset}' "
        "and (row_status <> 'accepted' or _run_id not in (select run_id from ops.model_loads "
        f"where model in ({', '.join(map(_quoted, models))}) and dataset = '{dataset}' "
        f"group by run_id having count(distinct model) = {len(models)}))"
        for table, models in sorted(checked.items())
    )
    return (
        f"select file_id, min(load_seq) as load_seq from ({' union all '.join(parts)}) as found "
        f"group by file_id order by 2, 1 limit {KEPT_MOST + 1}"
    )


def _quoted(name: str) -> str:
    return f"'{name}'"


def _refused(why: str) -> dict[str, Any]:
    return {"upto_seq": 0, "kept": [], "refused": why}
