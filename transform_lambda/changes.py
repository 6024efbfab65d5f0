"""MODEL: tell what of the project has changed between two versions, and what the change leaves as it was.

In: graphs with digests of their files. Out: `Changes`. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from transform_lambda.graph import Graph, folder_of
from transform_lambda.project import Files

MODELS = "dbt_project/models/"
ROWLESS = ("dbt_project/gates/", "dbt_project/analyses/")  # what they say makes no row


@dataclass(frozen=True)
class Changes:
    """What files that have changed are of: entities, by the datasets that they are made from, and what stands beside.

    `beside`: selectors of models and gates that no entity owns, and that no dataset of those leads to. `unapplied`: the
    datasets among them whose rows are staged or checked otherwise now, in the columns that there were: what is modeled
    of them stays as it was until a full refresh. Where columns differ, the run itself builds from the first row.
    """

    datasets: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()
    unapplied: frozenset[str] = frozenset()


def changes_since(graphs: Sequence[Graph], now: Graph) -> Changes | None:
    """Tell what differs from the versions that what stands is made by; None where that cannot be told by models."""
    files = [changed_models(each.files, now.files) for each in graphs]
    by_models = [each for each in files if each is not None]
    found = changes_of(now, frozenset().union(*by_models)) if len(by_models) == len(files) else None
    if found is None:
        return None
    by_yaml = frozenset[str]().union(*(redeclared(each, now) for each in graphs))
    return replace(found, unapplied=found.unapplied | by_yaml)


def changes_of(graph: Graph, files: Set[str]) -> Changes | None:
    """Tell what these files are of; None where a dataset is declared in one.

    Which datasets there are, the views over all ledgers say: nothing in the graph leads to them from a dataset, and who
    does not find a file in them takes it for one that was undone.
    """
    changed = {node.id for node in graph.nodes.values() if node.files & files}
    if graph.landing_of(files):
        return None
    of_entities = frozenset().union(*(owned for owned in graph.owned.values() if owned & changed))
    datasets = {node.dataset for node in map(graph.nodes.__getitem__, of_entities | changed) if node.dataset}
    beside = (changed & graph.downstream(None)) - graph.downstream(datasets)
    return Changes(frozenset(datasets), frozenset(graph.selectors(beside)), unapplied(graph, files))


def unapplied(graph: Graph, files: Set[str]) -> frozenset[str]:
    """Name the datasets whose rows these files stage or check otherwise, in the columns that there were."""
    found: set[str] = set()
    for owned in graph.owned.values():
        own = [graph.nodes[id_] for id_ in owned]
        ways = [node for node in own if folder_of(node) == "staging" or node.name.endswith("__checked")]
        rows = {file for node in ways for file in node.files if file.endswith(".sql")}
        columns = {file for node in own if folder_of(node) == "modeled" for file in node.files}
        if rows & files and not columns & files:
            found.update(node.dataset for node in own if node.dataset)
    return frozenset(found)


def redeclared(before: Graph, now: Graph) -> frozenset[str]:
    """Name the datasets whose rows YAML has staged or checked otherwise than before, in the same columns.

    So do a source's `changes` and `snapshot`, and the types and the key that staging narrows to.
    """
    found: set[str] = set()
    for owned in now.owned.values():
        own = [now.nodes[id_] for id_ in owned]
        known = [node for node in own if node.id in before.nodes]
        differing = [node for node in known if node.reading != before.nodes[node.id].reading]
        if differing and not any(folder_of(node) == "modeled" for node in differing):
            found.update(node.dataset for node in own if node.dataset)
    return frozenset(found)


def changed_models(before: Files, now: Files) -> frozenset[str] | None:
    """Return the files of models that differ; None where something differs that others are made by too, or is gone.

    >>> changed_models({"dbt_project/models/a.sql": "1"}, {"dbt_project/models/a.sql": "2"})
    frozenset({'dbt_project/models/a.sql'})
    >>> changed_models({"macros/a.sql": "1"}, {"macros/a.sql": "2"}) is None
    True
    """
    differ = _differing(before, now)
    if any(path not in now or not path.startswith(MODELS) for path in differ):
        return None
    return differ


def is_unapplied(before: Graph, now: Graph) -> bool:
    """Tell whether rows of before may be staged or checked otherwise now, which what is modeled of them shows not.

    So it may be by what all models are made by, and by what YAML says of how a dataset's rows are read; not by a
    dataset that was not there, nor by a description.
    """
    differ = _differing(before.files, now.files)
    is_by_all = any(not path.startswith((MODELS, *ROWLESS)) for path in differ)
    return is_by_all or bool(unapplied(now, differ)) or bool(redeclared(before, now))


def _differing(before: Files, now: Files) -> frozenset[str]:
    return frozenset(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))
