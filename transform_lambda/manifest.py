"""MODEL, GATE: read dbt's manifest. In: dbt's manifest. Out: the graph (graph.py), as this stage needs it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import timedelta
from typing import Any

from transform_lambda.graph import Graph, Node

LOADED_AT = "_loaded_at"  # of landing's rows; their ledger has the same time


def graph_of(manifest: Any) -> Graph:
    """Read dbt's manifest (dbt.contracts.graph.manifest.Manifest)."""
    every = [*manifest.nodes.values(), *manifest.sources.values()]
    known = {node.unique_id for node in every}
    return Graph({node.unique_id: _node(node, known) for node in every})


def _node(node: Any, known: Set[str]) -> Node:
    kind = str(node.resource_type)
    is_landing = kind == "source" and node.source_name == "landing"
    meta = node.config.meta or {}
    entity = meta.get("entity")
    return Node(
        id=node.unique_id,
        kind=kind,
        selector="fqn:" + ".".join(node.fqn),
        name=node.name,
        parents=frozenset(node.depends_on.nodes if kind != "source" else ()) & known,
        entity=entity,
        # an entity's history is upserted too, as one of its own nodes
        is_upsert=kind == "model" and node.fqn[1] == "modeled" and node.name == entity,
        dataset=node.name if is_landing else None,
        relation=f"{node.schema}.{node.identifier}",
        is_sensitive=is_landing and bool(meta.get("sensitive")),
        retention_days=meta.get("retention_days") if is_landing else None,
        snapshot_end=(meta.get("snapshot") or {}).get("end") if is_landing else None,
        files=frozenset(_files(node)),
        columns=frozenset(name.lower() for name in node.columns) if _is_held_to_contract(node) else frozenset(),
        reading=_reading(node, kind, meta, is_landing=is_landing),
        **(_freshness(node) if is_landing else {}),
    )


def _reading(node: Any, kind: str, meta: Mapping[str, Any], *, is_landing: bool) -> str:
    types = {name.lower(): (column.data_type or "").lower() for name, column in node.columns.items()}
    said: dict[str, Any]
    if is_landing:
        changes = meta.get("changes") or {}
        named = {text.lower() for text in _texts(changes)}
        said = {
            "relation": [node.schema, node.identifier],
            "changes": changes,
            "snapshot": meta.get("snapshot"),
            "types": {name: type_ for name, type_ in types.items() if name in named},
        }
    elif kind == "model":
        said = {"types": types, "narrowed_key": meta.get("narrowed_key")}
    else:
        return ""
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _texts(value: Any) -> Iterator[str]:
    """List the texts that a value is made of.

    >>> list(_texts({"operation": "op", "sequence": ["lsn", 1]}))
    ['op', 'lsn']
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for each in value.values() for text in _texts(each))
    elif isinstance(value, Sequence):
        yield from (text for each in value for text in _texts(each))


def _is_held_to_contract(node: Any) -> bool:
    contract = getattr(node.config, "contract", None)  # a source has none
    return bool(contract and contract.enforced)


def _files(node: Any) -> Iterator[str]:
    """Name the file that a node is written in, and the YAML that says more of it (`package://path`)."""
    yield node.original_file_path
    if patch := getattr(node, "patch_path", None):
        yield patch.partition("://")[2]


def _freshness(source: Any) -> dict[str, Any]:
    """Read a source's limits (dbt.artifacts.resources.v1.components.FreshnessThreshold), in seconds."""
    threshold = source.freshness
    if not threshold:
        return {}
    return {
        "warn_after": _seconds(threshold.warn_after),
        "error_after": _seconds(threshold.error_after),
        "has_own_freshness": bool(threshold.filter or source.loaded_at_query) or source.loaded_at_field != LOADED_AT,
    }


def _seconds(limit: Any) -> float | None:
    """Read a limit (dbt.artifacts.resources.v1.components.Time).

    >>> from types import SimpleNamespace
    >>> _seconds(SimpleNamespace(count=2, period="hour")), _seconds(None)
    (7200.0, None)
    """
    if not limit or limit.count is None or limit.period is None:
        return None
    return timedelta(**{f"{getattr(limit.period, 'value', limit.period)}s": limit.count}).total_seconds()
