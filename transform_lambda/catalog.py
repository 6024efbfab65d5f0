"""MODEL: what stands in the warehouse as this project built it, and so need be neither built nor compared again.

In: the catalog now, and what was recorded when a node was built. Out: the nodes that stand. A view stands if it is the
one that was made (a view made or changed by somebody else is another), and so does all that it stands on; a table, if
its columns and those of all that it is made from are what they were when its contract was compared. Losing the record
costs one run that builds and compares everything, as dbt does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from transform_lambda.graph import Graph, Node

RECORD_KEY = "reports/transform/state/built-relations.json"

Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Relation:
    """A table or view in the warehouse. `definition` is a digest of a view's query, empty for a table."""

    oid: int
    definition: str
    columns: Columns = ()

    @property
    def identity(self) -> list[Any]:
        """Return what differs once it was made anew, changed or retyped."""
        return [self.oid, *self.shape]

    @property
    def shape(self) -> list[Any]:
        """Return what differs once it gives other columns."""
        return [self.definition, hashlib.sha256(json.dumps(self.columns).encode()).hexdigest()[:16]]

    @property
    def is_view(self) -> bool:
        """Tell a view from a table."""
        return bool(self.definition)


Catalog = Mapping[str, Relation]  # by schema.name
Record = dict[str, Any]  # by schema.name: {"is": what it was, "on": {schema.name: what it stood on}}


def catalog_sql(relations: Iterable[str]) -> str:
    """Build the query of some relations (schema.name), which reads the catalog alone: a row a view and a row a column.

    Others are left out: what a view of an earlier release stands on may be gone.

    Redshift restricts queries that mix its catalog with users' tables, and LISTAGG to the latter
    (https://docs.aws.amazon.com/redshift/latest/dg/r_LISTAGG.html). The names are those of our own project.
    """
    among = ", ".join(f"'{relation}'" for relation in sorted(relations))
    return f"""select
    cast(n.nspname as varchar(128)) as schema_name,
    cast(c.relname as varchar(128)) as relation_name,
    cast(c.oid as bigint) as relation_id,
    cast(md5(pg_get_viewdef(c.oid)) as varchar(32)) as definition,
    cast('' as varchar(128)) as column_name,
    cast('' as varchar(128)) as data_type,
    0 as place
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
where c.relkind = 'v' and n.nspname || '.' || c.relname in ({among})
union all
select
    cast(n.nspname as varchar(128)),
    cast(c.relname as varchar(128)),
    cast(c.oid as bigint),
    cast('' as varchar(32)),
    cast(a.attname as varchar(128)),
    cast(format_type(a.atttypid, a.atttypmod) as varchar(128)),
    cast(a.attnum as integer)
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on c.oid = a.attrelid
where c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and n.nspname || '.' || c.relname in ({among})
order by 1, 2, 7"""  # noqa: S608 - names of our own project


def catalog_of(rows: Iterable[Mapping[str, Any]]) -> Catalog:
    """Read the query's rows.

    >>> row = {"schema_name": "a", "relation_name": "b", "relation_id": 7, "definition": ""}
    >>> names = [row | {"column_name": "x", "data_type": "integer"}, row | {"column_name": "y", "data_type": "date"}]
    >>> catalog_of(names)["a.b"].columns
    (('x', 'integer'), ('y', 'date'))
    """
    found: dict[str, Relation] = {}
    for row in rows:
        name = f"{row['schema_name']}.{row['relation_name']}"
        columns = found[name].columns if name in found else ()
        new = ((row["column_name"], row["data_type"]),) if row["column_name"] else ()
        found[name] = Relation(int(row["relation_id"]), row["definition"], (*columns, *new))
    return found


def standing(graph: Graph, record: Record, catalog: Catalog) -> frozenset[str]:
    """Return the ids of the nodes that stand as they were built."""
    found: set[str] = set()
    for id_ in graph.order:
        node = graph.nodes[id_]
        was, now = record.get(node.relation), _facts(graph, node, catalog)
        views = {parent for parent in node.parents if _is_view_of_ours(graph.nodes[parent], catalog)}
        if node.kind == "model" and was is not None and was == now and views <= found:
            found.add(id_)
    return frozenset(found)


def recorded(graph: Graph, record: Record, catalog: Catalog, built: Iterable[str]) -> Record:
    """Return the record with the nodes in it that have just been built."""
    facts = {graph.nodes[id_].relation: _facts(graph, graph.nodes[id_], catalog) for id_ in built}
    return record | {name: fact for name, fact in facts.items() if fact is not None}


def _facts(graph: Graph, node: Node, catalog: Catalog) -> dict[str, Any] | None:
    relation = catalog.get(node.relation)
    if relation is None:
        return None
    parents = sorted(graph.nodes[parent].relation for parent in node.parents)
    if relation.is_view:
        on = {name: catalog[name].identity for name in parents if name in catalog}
        return {"is": relation.identity, "on": on}
    return {"is": relation.shape, "on": {name: catalog[name].shape for name in parents if name in catalog}}


def _is_view_of_ours(node: Node, catalog: Catalog) -> bool:
    return node.kind == "model" and node.relation in catalog and catalog[node.relation].is_view


@dataclass(frozen=True)
class Known:
    """What dbt need not ask the warehouse: the columns of relations, and the contracts of nodes that hold.

    `nodes`: the columns in which each node that stands brings its rows, by its id: those that its contract declares,
    since its table may have others beside them, somebody's own. None, where no contract tells them.
    """

    columns: Mapping[str, Columns]
    nodes: Mapping[str, Columns]

    @classmethod
    def of(cls, graph: Graph, catalog: Catalog, stands: Iterable[str]) -> Known:
        """Take what stands, and the tables that dbt only reads.

        >>> table = Relation(1, "", (("id", "integer"), ("remark", "text")))
        >>> graph = Graph({"m": Node("m", "model", relation="modeled.m", columns=frozenset({"id"}))})
        >>> Known.of(graph, {"modeled.m": table}, ["m"]).nodes
        {'m': (('id', 'integer'),)}
        """
        standing_nodes = [graph.nodes[id_] for id_ in stands]
        read = {node.relation for node in graph.nodes.values() if node.kind == "source"}
        names = {node.relation for node in standing_nodes} | read
        tables = {name: catalog[name].columns for name in names if name in catalog and not catalog[name].is_view}
        brought = {
            node.id: tuple(column for column in tables.get(node.relation, ()) if column[0] in node.columns)
            for node in standing_nodes
        }
        return cls(tables, brought)


NOTHING = Known({}, {})


class BuiltRelations:
    """The record in S3, of one version of the project in one warehouse."""

    def __init__(self, s3: Any, bucket: str, fingerprint: str) -> None:
        self._s3 = s3
        self._place = {"Bucket": bucket, "Key": RECORD_KEY}
        self._fingerprint = fingerprint

    def read(self) -> Record:
        """Return the record, empty when there is none of this version."""
        try:
            kept = json.loads(self._s3.get_object(**self._place)["Body"].read())
        except self._s3.exceptions.NoSuchKey:
            return {}
        relations: Record = kept["relations"] if kept["fingerprint"] == self._fingerprint else {}
        return relations

    def write(self, record: Record) -> None:
        """Keep the record."""
        body = json.dumps({"fingerprint": self._fingerprint, "relations": record}).encode()
        self._s3.put_object(**self._place, Body=body, ContentType="application/json")


def relations_of(graph: Graph) -> frozenset[str]:
    """Name all that the project reads and builds."""
    return frozenset(node.relation for node in graph.nodes.values() if node.kind in ("model", "source"))
