"""MODEL and GATE: the conventions that the dbt project keeps, read from its manifest."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import GenericTestNode, ModelNode
from sqlfluff.core.linter.discovery import paths_from_path

from local.home import ROOT
from tests.support.model_warehouse import ModelWarehouse

pytestmark = pytest.mark.xdist_group("model")  # one project, parsed once

MACROS = ROOT / "macros"
# A key that is made once, when the warehouse is prepared, cannot be stale.
TIMELESS_SOURCES = {"restricted"}
GATES = ROOT / "dbt_project" / "gates" / "generic"
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHIPPED = {"orders", "fx", "claims", "platform"}  # groups: a fork has more
DEFINITION = re.compile(r"{%-?\s*(?:macro|test)\s+(\w+)\(([^)]*)\)")


@pytest.fixture
def manifest(worker_warehouse: ModelWarehouse) -> Manifest:
    """The project as it was parsed, without a warning, for all tests of the worker."""
    assert worker_warehouse.manifest is not None
    return worker_warehouse.manifest


def models(manifest: Manifest) -> list[ModelNode]:
    """Return the project's models."""
    return [node for node in manifest.nodes.values() if isinstance(node, ModelNode)]


def gates(manifest: Manifest) -> list[GenericTestNode]:
    """Return the project's gates."""
    return [node for node in manifest.nodes.values() if isinstance(node, GenericTestNode)]


def upserts(manifest: Manifest) -> list[ModelNode]:
    """Return the models that are upserted and hold the newest version of each key: one an entity.

    Those that a `landfall new-dataset` of before has written are merged.
    """
    written = of_strategy(manifest, "replace_older") + of_strategy(manifest, "merge")
    return [model for model in written if model.name == model.config.meta["entity"]]


def histories(manifest: Manifest) -> list[ModelNode]:
    """Return the models that are upserted and hold every version."""
    return [model for model in of_strategy(manifest, "merge") if model.name != model.config.meta["entity"]]


def of_strategy(manifest: Manifest, strategy: str) -> list[ModelNode]:
    """Return the models that bring their rows into their tables by a strategy of dbt's or ours."""
    return [model for model in models(manifest) if model.config.get("incremental_strategy") == strategy]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # what sqlfluff reads its ignore file with gives one
def test_what_plain_sqlfluff_lint_looks_at_are_models_and_analyses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # what is no node of the project it would warn of, a file each
    folders = {tuple(Path(path).parts[:2]) for path in paths_from_path(".", target_file_exts=[".sql"])}
    assert folders == {("dbt_project", "models"), ("dbt_project", "analyses")}


def as_list(value: Any) -> list[str]:
    """Return one name or several as a list."""
    return [value] if isinstance(value, str) else list(value)


def key_of(model: ModelNode) -> list[str]:
    """Return the columns of an upserted model's key."""
    return as_list(model.config.unique_key)


def ancestors(manifest: Manifest, unique_id: str) -> set[str]:
    """Return everything a node is built from."""
    node: Any = manifest.nodes.get(unique_id)
    parents = list(node.depends_on.nodes) if node else []
    return set(parents).union(*(ancestors(manifest, parent) for parent in parents))


def test_every_model_says_what_a_row_is_who_owns_it_and_what_its_columns_mean(manifest: Manifest) -> None:
    for model in models(manifest):
        assert model.description.startswith("One row per "), model.name
        assert model.group in {group.name for group in manifest.groups.values()}, model.name
        assert model.columns, model.name
        assert all(column.description for column in model.columns.values()), model.name


def test_the_readme_counts_the_models_and_gates_that_ship(manifest: Manifest) -> None:
    shipped = {model.unique_id for model in models(manifest) if model.group in SHIPPED}
    watching = [
        gate
        for gate in gates(manifest)
        if gate.attached_node in shipped or any(f"`{dataset}`" in README for _, dataset in gate.sources)
    ]
    assert f"{len(shipped)} models, {len(watching)} gates" in README


def test_every_modeled_table_has_a_contract_and_a_key_that_its_gates_watch(manifest: Manifest) -> None:
    for model in upserts(manifest):
        key = key_of(model)
        assert model.contract.enforced, model.name
        for column in key:
            kinds = {constraint.type.value for constraint in model.columns[column].constraints}
            assert "not_null" in kinds, model.name
        watched = {
            gate.attached_node: as_list(gate.test_metadata.kwargs["key"])
            for gate in gates(manifest)
            if gate.test_metadata.name == "unique_key"
        }
        checked = f"model.landfall.int_{model.name}__checked"
        assert watched.get(model.unique_id) == watched.get(checked) == key, model.name


def test_the_key_is_watched_among_the_rows_that_the_upsert_takes_and_no_others(manifest: Manifest) -> None:
    taken = manifest.macros["macro.landfall.newest_accepted"].macro_sql
    for model in upserts(manifest):
        assert "where {{ newest_accepted() }}" in model.raw_code, model.name
        [gate] = [gate for gate in gates(manifest) if gate.name == f"{model.name}__unique_key"]
        conditions = str(gate.config.where).split(" and ")
        assert len(conditions) == 2
        assert all(condition in taken for condition in conditions), model.name


def test_what_is_deleted_as_older_is_what_the_query_then_finds_newer(manifest: Manifest) -> None:
    for model in of_strategy(manifest, "replace_older"):
        assert model.name == model.config.meta["entity"]
        assert {"{{ where_newer('newest') }}", "where {{ newest_accepted() }}"} <= {
            line.strip() for line in model.raw_code.splitlines()
        }, model.name


def test_an_entity_is_staging_checked_quarantine_modeled_and_pending_where_rows_wait(manifest: Manifest) -> None:
    names = {model.name: model for model in models(manifest)}
    for entity in (model.name for model in upserts(manifest)):
        waits = "waiting_reasons()" not in names[f"int_{entity}__checked"].raw_code
        needed = {f"stg_{entity}", f"int_{entity}__checked", f"quarantine_{entity}", entity}
        needed |= {f"pending_{entity}"} if waits else set()
        of_the_entity = re.compile(rf"((stg|quarantine|pending)_)?{entity}|int_{entity}__.*")
        assert {name for name in names if of_the_entity.fullmatch(name)} == needed


def test_a_column_has_one_type_from_staging_to_the_modeled_table(manifest: Manifest) -> None:
    for model in upserts(manifest):
        types: dict[str, set[str]] = {}
        for name in (f"stg_{model.name}", f"int_{model.name}__checked", model.name):
            for column in manifest.nodes[f"model.landfall.{name}"].columns.values():
                types.setdefault(column.name, set()).update([column.data_type] if column.data_type else [])
        assert all(len(found) == 1 for found in types.values()), (model.name, types)


def test_every_upsert_takes_in_the_datasets_that_its_staging_reads(manifest: Manifest) -> None:
    """A dataset that `meta` does not name would have no bound and no watermark, and never be looked at."""
    for model in upserts(manifest):
        meta = model.config.meta
        assert meta["entity"] == model.name
        assert manifest.nodes[f"model.landfall.int_{model.name}__checked"].config.meta == meta, model.name
        staging = f"model.landfall.stg_{model.name}"
        above = ancestors(manifest, staging)
        read = sorted(node.split(".")[-1] for node in above if node.startswith("source.landfall.landing."))
        assert sorted(meta["datasets"]) == read, model.name
        codes = [node.raw_code for node in models(manifest) if node.unique_id in {staging, *above}]
        assert sorted(re.findall(r"file_columns\('(\w+)'\)", "".join(codes))) == read, model.name


def test_a_history_belongs_to_its_entity_comes_before_it_and_has_its_columns(manifest: Manifest) -> None:
    """They are built in one run: only then do both see its checked rows."""
    newest_of = {model.name: model for model in upserts(manifest)}
    for history in histories(manifest):
        newest = newest_of[history.config.meta["entity"]]
        assert history.name == f"{newest.name}_history"
        assert history.config.meta == newest.config.meta
        assert history.unique_id in newest.depends_on.nodes
        assert history.columns.keys() - newest.columns.keys() == {"valid_from", "valid_to", "is_current"}
        assert key_of(history)[: len(key_of(newest))] == key_of(newest)


def test_every_mart_is_contracted_and_its_key_watched(manifest: Manifest) -> None:
    watched = {gate.attached_node for gate in gates(manifest) if gate.test_metadata.name == "unique_key"}
    for model in models(manifest):
        if model.original_file_path.startswith("dbt_project/models/marts/") and model.config.materialized == "table":
            assert model.contract.enforced, model.name
            assert model.unique_id in watched, model.name


def test_every_model_is_described_beside_its_sql(manifest: Manifest) -> None:
    for model in models(manifest):
        path = Path(model.original_file_path)
        assert path.stem == model.name
        assert model.patch_path is not None, model.name
        assert Path(model.patch_path.split("://")[1]) == path.with_suffix(".yml"), model.name


def test_only_staging_reads_sources(manifest: Manifest) -> None:
    for model in models(manifest):
        if any(parent.startswith("source.") for parent in model.depends_on.nodes):
            assert model.original_file_path.startswith("dbt_project/models/staging/"), model.name


def test_staging_and_gate_views_bind_late(manifest: Manifest) -> None:
    views = [model for model in models(manifest) if model.config.materialized == "view"]
    assert views
    assert all(view.config.get("bind") is False for view in views)


def test_every_source_says_when_it_is_stale(manifest: Manifest) -> None:
    for source in manifest.sources.values():
        assert source.description, source.name
        if source.source_name in TIMELESS_SOURCES:
            continue
        assert source.loaded_at_field, source.name
        assert source.freshness is not None, source.name
        assert source.freshness.warn_after is not None, source.name
        assert source.freshness.warn_after.count, source.name


def test_every_landing_dataset_declares_its_contract(manifest: Manifest) -> None:
    landing = [source for source in manifest.sources.values() if source.source_name == "landing"]
    guarded = {
        gate.attached_node or gate.depends_on.nodes[0]
        for gate in gates(manifest)
        if gate.test_metadata.name == "schema"
    }
    assert landing
    assert {source.unique_id for source in landing} == guarded
    for source in landing:
        assert source.loaded_at_field == "_loaded_at"
        assert source.config.meta["schema_change"] in {"evolve", "freeze"}
        assert all(column.data_type for name, column in source.columns.items() if not name.startswith("_"))


def test_every_gate_is_described_named_and_says_its_severity(manifest: Manifest) -> None:
    for gate in gates(manifest):
        assert "severity" in gate.unrendered_config, gate.name
        assert gate.description, gate.name
        assert re.fullmatch(r"[a-z0-9_]+__[a-z0-9_]+", gate.name), gate.name


def test_an_error_gate_blocks_the_upsert_of_what_it_guards(manifest: Manifest) -> None:
    """dbt skips a model behind a failing gate only if the model descends from every node that the gate reads."""
    reach = {model.unique_id: ancestors(manifest, model.unique_id) for model in upserts(manifest)}
    for gate in gates(manifest):
        if gate.config.severity.lower() == "error":
            assert any(set(gate.depends_on.nodes) <= above for above in reach.values()), gate.name


def test_every_upsert_is_guarded_by_a_gate_of_each_kind(manifest: Manifest) -> None:
    needed = {"schema", "quarantine_rate", "rows_conserved", "volume", "unique_key"}
    for model in upserts(manifest):
        above = ancestors(manifest, model.unique_id)
        kinds = {
            gate.test_metadata.name
            for gate in gates(manifest)
            if set(gate.depends_on.nodes) <= above and gate.config.severity.lower() == "error"
        }
        assert needed <= kinds, model.name


def test_the_overview_s_links_to_the_lineage_name_what_there_is(manifest: Manifest) -> None:
    overview = manifest.docs["doc.landfall.__overview__"].block_contents
    links = [parse_qs(link) for link in re.findall(r"\([?]lineage=\w+#!/overview[?](\S+)\)", overview)]
    assert len(links) == overview.count("#!") > 0
    exposures = {exposure.name for exposure in manifest.exposures.values()}
    linked = {name for link in links for name in link["g_i"][0].replace("+exposure:", "").split()}
    assert linked == {*exposures, "*"}
    for link in links:
        *names, source = link["g_e"][0].split()
        assert set(names) <= {model.name for model in models(manifest)}
        assert source.removeprefix("source:") in {each.source_name for each in manifest.sources.values()}


def test_every_mart_has_a_reader(manifest: Manifest) -> None:
    read = {node for exposure in manifest.exposures.values() for node in exposure.depends_on.nodes}
    marts = {model.unique_id for model in models(manifest) if model.schema.endswith("marts")}
    assert marts
    assert marts <= read


@pytest.mark.parametrize("path", [*MACROS.rglob("*.sql"), *GATES.glob("*.sql")], ids=lambda path: path.stem)
def test_a_macro_is_documented_and_its_file_bears_its_name(manifest: Manifest, path: Path) -> None:
    ((name, arguments),) = DEFINITION.findall(path.read_text(encoding="utf-8"))
    assert path.stem == name

    macro = manifest.macros[f"macro.landfall.{'test_' if path.is_relative_to(GATES) else ''}{name}"]
    assert macro.description
    declared = [argument.split("=")[0].strip() for argument in arguments.split(",") if argument.strip()]
    assert [argument.name for argument in macro.arguments] == declared
    assert all(argument.description for argument in macro.arguments)
