"""GATE, claims: each gate lets good rows pass and stops bad ones before the UPSERT; nothing modeled changes then."""

# ruff: noqa: S608 - the tests' own SQL

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.claim_rows import claim, file_of, patient, provider
from tests.support.model_warehouse import DbtRun, ModelWarehouse
from tests.support.warehouse_seed import Row, SeedFile

pytestmark = pytest.mark.xdist_group("gate")  # one warehouse, one after the other

ENTITIES = ("providers", "patients", "claims")
KINDS = ("schema", "quarantine_rate", "rows_conserved", "volume", "unique_key")
REFERENTIAL = ("claims__provider_exists", "claims__patient_exists")
EVERYTHING = ("--select", "+fct_monthly_claims")
GOOD_FILES = 10

Published = tuple[ModelWarehouse, DbtRun]
MAKE: dict[str, Callable[[str], Row]] = {
    "providers": lambda name: provider(f"provider-{name}"),
    "patients": lambda name: patient(f"patient-{name}"),
    "claims": lambda name: claim(f"claim-{name}"),
}


@pytest.fixture(scope="module")
def published(worker_warehouse: ModelWarehouse) -> Published:
    """Good providers, patients and claims, landed and modeled, and what that run said."""
    worker_warehouse.empty()
    for number in range(GOOD_FILES):
        for entity in ENTITIES:
            worker_warehouse.loader.land(file_of(entity, f"good-{number}", [MAKE[entity](str(number))]))
    return worker_warehouse, worker_warehouse.build_green(*EVERYTHING)


def state(warehouse: ModelWarehouse, *entities: str) -> list[Any]:
    """Return what a stopped run must not change: the modeled tables and the watermarks."""
    query = warehouse.transformer.rows
    return [
        (
            query(f"select * from modeled.{entity} order by 1"),
            query(f"select max(upto_seq) from ops.model_loads where model = 'modeled.{entity}'"),
        )
        for entity in entities
    ]


def mostly_bad(entity: str) -> SeedFile:
    """Return a file with more than a quarter of its rows, and at least ten, in quarantine."""
    rows = [{**MAKE[entity](f"bad-{number}"), "updated_at": None} for number in range(10)]
    return file_of(entity, "mostly-bad", rows)


def whole_history(entity: str) -> SeedFile:
    """Return a file more than a hundred times as large as those before it."""
    return file_of(entity, "whole-history", [MAKE[entity](f"new-{number}") for number in range(101)])


def test_every_gate_lets_good_rows_pass(published: Published) -> None:
    warehouse, run = published
    gates = [*(f"{entity}__{kind}" for entity in ENTITIES for kind in KINDS), *REFERENTIAL]
    assert {gate: run.status(gate) for gate in gates} == dict.fromkeys(gates, "pass")
    fresh = [f"{entity}__freshness" for entity in ENTITIES]
    assert {gate: run.status(gate) for gate in fresh} == dict.fromkeys(fresh, "pass")
    assert [len(rows) for rows, _ in state(warehouse, *ENTITIES)] == [GOOD_FILES] * 3


@pytest.mark.parametrize(
    "bad",
    [
        # claims stop with who they are of
        [mostly_bad("providers"), whole_history("patients")],
        [whole_history("providers"), mostly_bad("patients")],
        [mostly_bad("claims"), whole_history("claims")],
    ],
    ids=["claims-descend-from-both", "each-by-its-other-gate", "claims-alone"],
)
def test_bad_files_stop_their_upsert_and_what_descends_from_it(published: Published, bad: list[SeedFile]) -> None:
    warehouse, _ = published
    stopped = {"claims", *(file.dataset for file in bad)}
    before = state(warehouse, *stopped)
    for file in bad:
        warehouse.loader.land(file)

    run = warehouse.build(*EVERYTHING)

    for file in bad:
        gate = f"{file.dataset}__{'volume' if 'history' in file.key else 'quarantine_rate'}"
        assert run.status(gate) == "fail"
        named = f"select distinct _source_file from ({run.compiled[gate]}) as failing"
        assert warehouse.transformer.rows(named) == [(file.source,)]
    expected = {entity: "skipped" if entity in stopped else "success" for entity in ENTITIES}
    assert {entity: run.status(entity) for entity in ENTITIES} == expected
    assert run.status("fct_claims") == "skipped"
    assert state(warehouse, *stopped) == before
    for file in bad:
        warehouse.loader.undo(file)


def test_landing_tables_of_another_shape_fail_schema(published: Published) -> None:
    warehouse, _ = published
    before = state(warehouse, *ENTITIES)
    for entity in ENTITIES:
        warehouse.loader.run(f"alter table landing.{entity} rename column updated_at to changed_at")
    try:
        failed = warehouse.dbt("test", "--select", *(f"{entity}__schema" for entity in ENTITIES))
        stopped = warehouse.build("--select", "+providers", "+patients")
    finally:
        for entity in ENTITIES:
            warehouse.loader.run(f"alter table landing.{entity} rename column changed_at to updated_at")
    assert {failed.status(f"{entity}__schema") for entity in ENTITIES} == {"fail"}
    assert {stopped.status(entity) for entity in ("providers", "patients")} == {"skipped"}
    assert state(warehouse, *ENTITIES) == before


def test_lost_rows_keys_left_twice_and_lost_parents_fail_their_gates(published: Published) -> None:
    warehouse, _ = published
    files = [file_of(entity, "twice", [MAKE[entity]("a"), MAKE[entity]("a"), MAKE[entity]("b")]) for entity in ENTITIES]
    for file in files:
        warehouse.loader.land(file)
    warehouse.run_green("--select", *(f"int_{entity}__checked" for entity in ENTITIES))
    kinds = ("rows_conserved", "unique_key")
    gates = [*(f"{entity}__{kind}" for entity in ENTITIES for kind in kinds), *REFERENTIAL]
    passed = warehouse.dbt("test", "--select", *gates)
    assert {gate: passed.status(gate) for gate in gates} == dict.fromkeys(gates, "pass")

    for entity in ENTITIES:
        checked = f"gate.int_{entity}__checked"
        warehouse.transformer.run(
            f"delete from {checked} where _load_seq > {GOOD_FILES} and _version_rank = 2",
            f"insert into {checked} select * from {checked} where _load_seq > {GOOD_FILES}",
        )
    warehouse.transformer.run(
        "update gate.int_claims__checked set provider_id = 'provider-z', patient_key = 'patient-z'"
    )

    failed = warehouse.dbt("test", "--select", *gates)
    assert {gate: failed.status(gate) for gate in gates} == dict.fromkeys(gates, "fail")
    for file in files:
        warehouse.loader.undo(file)


def test_stale_rows_are_told_and_flow_on(published: Published) -> None:
    warehouse, _ = published
    for entity in ENTITIES:
        warehouse.loader.run(f"update landing.{entity} set _loaded_at = dateadd(day, -30, _loaded_at)")
    gates = [f"{entity}__freshness" for entity in ENTITIES]

    run = warehouse.dbt("test", "--select", *gates)

    assert run.success
    assert {gate: run.status(gate) for gate in gates} == dict.fromkeys(gates, "warn")
