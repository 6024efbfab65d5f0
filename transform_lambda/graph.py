"""MODEL, GATE: dbt's graph as this stage needs it: whose is a node, what goes on beside a failed gate, what is a part.

In: nodes, as manifest.py reads them. Out: selections of them, by unique id. Pure.

An *entity* is what one UPSERT makes. Its own nodes are the UPSERT and what leads to it and to no other entity first: an
entity that looks up another one's table (an item its order) does not own the way to that table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

REST = "marts and views"  # the last part: what several entities lead to
_BUILT = {"model", "seed", "snapshot"}
_Ids = frozenset[str]
_SETS = ("parents", "files", "columns")  # what JSON has as lists


@dataclass(frozen=True)
class Node:
    """A node of dbt's graph. `selector` is how dbt's selection names it alone."""

    id: str
    kind: str
    selector: str = ""
    name: str = ""
    parents: _Ids = frozenset()
    entity: str | None = None  # config.meta.entity
    is_upsert: bool = False
    dataset: str | None = None  # of a landing source
    relation: str = ""  # schema.table
    warn_after: float | None = None  # seconds without a landing; of a landing source
    error_after: float | None = None
    has_own_freshness: bool = False  # freshness goes by something else than when rows landed
    is_sensitive: bool = False  # of a landing source: its values are nobody's to see
    retention_days: int | None = None  # after which rows may leave landing; of a landing source
    snapshot_end: str | None = None  # of a landing source whose files replace the ones before
    files: frozenset[str] = frozenset()  # that say what it is: SQL and YAML, under the project's folder
    columns: frozenset[str] = frozenset()  # in lower case; of a model whose contract is enforced, else none
    reading: str = ""  # digest of what its YAML says of how rows are read: no description, no gate


@dataclass(frozen=True)
class Graph:
    """The project's models, gates and sources, and digests of its files."""

    nodes: Mapping[str, Node]
    files: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def order(self) -> Sequence[str]:
        """List every node after those that it is built from."""
        return list(TopologicalSorter({node.id: sorted(node.parents) for node in self.nodes.values()}).static_order())

    @cached_property
    def upserts(self) -> Sequence[Node]:
        """List the UPSERTs, each after those that it looks up."""
        return [self.nodes[id_] for id_ in self.order if self.nodes[id_].is_upsert]

    @cached_property
    def _ancestors(self) -> Mapping[str, _Ids]:
        found: dict[str, _Ids] = {}
        for id_ in self.order:
            parents = self.nodes[id_].parents
            found[id_] = parents.union(*(found[parent] for parent in parents))
        return found

    def ancestors(self, id_: str) -> _Ids:
        """Return everything that a node is built from."""
        return self._ancestors[id_]

    @cached_property
    def sensitive(self) -> _Ids:
        """Return what reads rows of a sensitive dataset, near or far."""
        sources = {node.id for node in self.nodes.values() if node.is_sensitive}
        return frozenset(id_ for id_ in self.nodes if self.ancestors(id_) & sources)

    @cached_property
    def owned(self) -> Mapping[str, _Ids]:
        """Return the nodes of each UPSERT's own."""
        return {upsert.id: frozenset(self._own(upsert)) for upsert in self.upserts}

    @cached_property
    def before_upserts(self) -> _Ids:
        """Return what the UPSERTs are made from: a gate of one of these stands before an UPSERT, any other after it."""
        return frozenset().union(*self.owned.values()) - {upsert.id for upsert in self.upserts}

    def _own(self, upsert: Node) -> Iterator[str]:
        waiting, seen = [upsert.id], {upsert.id}
        while waiting:
            node = self.nodes[waiting.pop()]
            yield node.id
            following = {id_ for id_ in node.parents - seen if not self._is_of_another(self.nodes[id_], upsert)}
            seen |= following
            waiting.extend(following)

    @staticmethod
    def _is_of_another(node: Node, upsert: Node) -> bool:
        return node.is_upsert or node.entity not in (None, upsert.entity)

    @cached_property
    def readers(self) -> Mapping[str, frozenset[str]]:
        """Return, for each dataset that an UPSERT is made from, the tables that take it in."""
        found: dict[str, set[str]] = {}
        for upsert in self.upserts:
            for id_ in self.owned[upsert.id]:
                if dataset := self.nodes[id_].dataset:
                    found.setdefault(dataset, set()).add(upsert.relation)
        return {dataset: frozenset(found[dataset]) for dataset in sorted(found)}

    @cached_property
    def landing(self) -> Sequence[Node]:
        """List the landing sources."""
        return [node for _, node in sorted(self.nodes.items()) if node.dataset]

    def landing_of(self, files: Set[str]) -> list[Node]:
        """List the landing sources that some files declare."""
        return [node for node in self.landing if node.files & files]

    def entities_of(self, dataset: str) -> frozenset[str]:
        """Name the entities that are made from a dataset's rows."""
        return frozenset(
            upsert.entity
            for upsert in self.upserts
            if upsert.entity and any(self.nodes[id_].dataset == dataset for id_ in self.owned[upsert.id])
        )

    def of_entity(self, entity: str, folder: str) -> list[Node]:
        """List the models of an entity in one folder of the project: its checked rows, its modeled tables."""
        owned = [node for _, node in sorted(self.nodes.items()) if node.entity == entity and node.kind == "model"]
        return [node for node in owned if folder_of(node) == folder]

    def read_with(self, dataset: str) -> frozenset[str]:
        """Return the datasets that are read from their first rows where what is made from this one is rebuilt."""
        rebuilt = [upsert for upsert in self.upserts if self.downstream([dataset]) & {upsert.id}]
        return frozenset(
            read for upsert in rebuilt for id_ in self.owned[upsert.id] if (read := self.nodes[id_].dataset)
        )

    def beside_the_checks(self, dataset: str) -> list[str]:
        """Name the models that read a dataset's landed rows, all of them and each time: those behind no `__checked`."""
        found: set[str] = set()
        for id_ in self.order:
            node = self.nodes[id_]
            is_behind = node.dataset == dataset or node.parents & found
            # What an entity is made by reads landed rows in `__checked` alone; its UPSERT names staging for the order.
            is_checked = node.entity is not None and folder_of(node) in ("gate", "modeled")
            if is_behind and node.kind != "test" and not is_checked:
                found.add(id_)
        names = (self.nodes[id_] for id_ in found)
        return sorted(node.name for node in names if node.kind in _BUILT and folder_of(node) != "staging")

    @property
    def gates(self) -> frozenset[str]:
        """Return the names of the project's gates."""
        return frozenset(node.name for node in self.nodes.values() if node.kind == "test")

    def downstream(self, datasets: Iterable[str] | None) -> _Ids:
        """Return what is built and tested downstream of some datasets; of the whole project for None."""
        nodes = (node for node in self.nodes.values() if node.kind in _BUILT | {"test"})
        if datasets is None:
            return frozenset(node.id for node in nodes)
        sources = {node.id for node in self.nodes.values() if node.dataset in set(datasets)}
        return frozenset(node.id for node in nodes if self.ancestors(node.id) & sources)

    def selected(self, plan: Mapping[str, Any]) -> _Ids:
        """Return what is built and tested for a plan."""
        if plan["whole_project"]:
            return self.downstream(None)
        beside = {node.id for node in self.nodes.values() if node.selector in plan["beside"]}
        behind = {id_ for id_ in self.downstream(None) if self.ancestors(id_) & beside}
        return self.downstream(plan["datasets"]) | beside | behind

    def buildable(self, selected: Set[str]) -> _Ids:
        """Leave out the gates that also look at what is not built, as dbt does (indirect_selection: buildable)."""
        built = {id_ for id_ in selected if self.nodes[id_].kind in _BUILT}
        seen = built.union(*(self.ancestors(id_) for id_ in built))
        return frozenset(id_ for id_ in selected if id_ in built or self.nodes[id_].parents <= seen)

    def parts(self, selected: Set[str]) -> dict[str, _Ids]:
        """Split a selection by entity, in the order to build them; gates go with the last of what they look at."""
        place: dict[str, str] = {}
        for upsert in self.upserts:
            for id_ in self.owned[upsert.id]:
                place.setdefault(id_, upsert.name)
        names = [*(upsert.name for upsert in self.upserts), REST]
        for id_ in selected:
            node = self.nodes[id_]
            if node.kind == "test":
                looked_at = (names.index(place.get(parent, REST)) for parent in node.parents)
                place[id_] = names[max(looked_at, default=-1)]
        split = {name: frozenset(id_ for id_ in selected if place.get(id_, REST) == name) for name in names}
        return {name: ids for name, ids in split.items() if any(self.nodes[id_].kind in _BUILT for id_ in ids)}

    def without(self, selected: Set[str], missing: Set[str]) -> _Ids:
        """Leave out what cannot be built because it reads a table that is not there and is not built either."""
        lacking = missing - selected
        return frozenset(id_ for id_ in selected if not self.ancestors(id_) & lacking)

    def selectors(self, ids: Iterable[str]) -> list[str]:
        """Name nodes as dbt's selection does."""
        return sorted(self.nodes[id_].selector for id_ in ids)

    def going_on(self, statuses: Mapping[str, str], missing: Set[str] = frozenset()) -> _Ids:
        """Return what a run skipped although no gate of its own failed; `missing` are the UPSERTs without a table.

        dbt skips whatever descends from a failed gate, other entities too. They go on with the other entity's table as
        it is. Not so what the gate was to stop, nor what would come out as it was: a mart of stopped entities alone.
        """
        skipped = {id_ for id_, status in statuses.items() if status == "skipped" and id_ in self.nodes}
        stopped = self._stopped([self.nodes[id_] for id_, status in statuses.items() if status == "fail"])
        models = {id_ for id_ in skipped - stopped if self.nodes[id_].kind in _BUILT}
        models -= self._of_other_columns({id_ for id_, status in statuses.items() if status == "fail"}, models)
        models = set(self.without(models, missing - models))
        renewed = {node.id for node in self.upserts if statuses.get(node.id) == "success"} | models
        models = {id_ for id_ in models if self._is_renewed(id_, renewed)}
        left = {id_ for id_ in skipped - models if self.nodes[id_].kind in _BUILT}
        gates = {id_ for id_ in skipped - stopped if self._follows(self.nodes[id_], models, left)}
        return frozenset(models) | self.without(gates, missing - models)

    def beside(self, selected: Set[str], failed: Set[str]) -> _Ids:
        """Leave out what failed in an earlier invocation was to stop: `failed` are names of gates, and ids of models.

        dbt skips what is behind a gate of its own invocation alone. A gate of a dataset that two entities take in is
        asked with the first of them. Nor is a gate asked of a table that is left as it was. A model that is not built
        over a gap stops its own entity, and what may name the columns that it was to have.
        """
        found = [each for each in self.nodes.values() if (each.name if each.kind == "test" else each.id) in failed]
        stopped = self._stopped(found)
        built = {id_ for id_ in selected if self.nodes[id_].kind in _BUILT}
        models = built - stopped
        models -= self._of_other_columns({node.id for node in found}, models)
        left = built - models
        return frozenset(models) | {id_ for id_ in selected - stopped if self._follows(self.nodes[id_], models, left)}

    def _stopped(self, failed: Sequence[Node]) -> _Ids:
        """Return what failed gates were to stop: entities that own what they look at, or else what descends from it."""
        stopped: set[str] = set()
        for gate in failed:
            of = (
                {gate.id} if gate.kind in _BUILT else gate.parents
            )  # a model that is not built over a gap stops its own
            owners = [owned for owned in self.owned.values() if of <= owned]
            behind = (id_ for id_ in self.nodes if gate.parents <= self.ancestors(id_))
            stopped |= frozenset().union(*owners) if owners else frozenset(behind)
        return frozenset(stopped)

    def _of_other_columns(self, failed: Set[str], models: Set[str]) -> _Ids:
        """Return what may name columns that a table has not got yet, since its entity could not be built anew."""
        refused = {id_ for id_ in failed if self.nodes[id_].kind in _BUILT}
        owned = frozenset().union(*self.owned.values())
        return frozenset(id_ for id_ in models if id_ not in owned and self.ancestors(id_) & refused)

    def _is_renewed(self, id_: str, renewed: Set[str]) -> bool:
        is_owned = any(id_ in owned for owned in self.owned.values())
        return is_owned or any(self.nodes[above].is_upsert and above in renewed for above in self.ancestors(id_))

    @staticmethod
    def _follows(gate: Node, models: Set[str], left: Set[str]) -> bool:
        return gate.kind == "test" and bool(gate.parents & models or not gate.parents & left)


def folder_of(node: Node) -> str:
    """Name the first folder under the project's that a node is in (`fqn:landfall.gate.orders.int_orders__checked`)."""
    return node.selector.removeprefix("fqn:").split(".")[1] if node.selector.count(".") > 1 else ""


def to_json(graph: Graph) -> dict[str, Any]:
    """Return what `from_json` reads.

    >>> graph = Graph({"a": Node("a", "model", parents=frozenset({"b"})), "b": Node("b", "source")}, {"a.sql": "1"})
    >>> from_json(to_json(graph)) == graph
    True
    """
    nodes = [{**asdict(node), **{name: sorted(getattr(node, name)) for name in _SETS}} for node in graph.nodes.values()]
    return {"nodes": nodes, "files": dict(graph.files)}


def from_json(graph: Mapping[str, Any]) -> Graph:
    """Return the graph that `to_json` wrote."""
    nodes = (Node(**{**node, **{name: frozenset(node[name]) for name in _SETS}}) for node in graph["nodes"])
    return Graph({node.id: node for node in nodes}, graph["files"])
