"""MODEL, claims: claims wait for provider and patient, are enriched and scored; nobody is told who a patient is."""

# ruff: noqa: S608 - the tests' own SQL

from datetime import date, timedelta
from typing import Any

import pytest

from scripts.claim_rows import Plan, claim_batches, patient_batches, provider_batches
from scripts.claim_schema import FAULTS
from tests.support.claim_rows import claim, file_of, patient, provider
from tests.support.generated_rows import generated_file
from tests.support.model_warehouse import ModelWarehouse
from tests.support.warehouse_seed import NOON, SeedFile

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

LATER = NOON + timedelta(hours=1)
# What a run makes anew; the views between stay as they are.
ENTITIES = ("providers", "patients", "claims")
CHANGING = ("--select", *(f"int_{entity}__checked" for entity in ENTITIES), *ENTITIES, "fct_claims")
IDENTIFIERS = ("patient-1", "Alma Berg", "M012345678", "02139", "1980-05-06")

# The rule that each of the generator's faults breaks.
REASONS = {
    "malformed_diagnosis": "diagnosis_code_malformed",
    "malformed_procedure": "procedure_code_malformed",
    "negative_bill": "billed_amount_not_positive",
    "paid_too_much": "paid_exceeds_allowed",
    "unknown_status": "claim_status_unknown",
    "missing_key": "claim_id_missing",
    "missing_patient": "patient_id_missing",
    "future_service": "service_date_out_of_range, submitted_before_service",
    "submitted_too_early": "submitted_before_service",
}


def test_a_claim_waits_for_its_provider_and_patient_and_then_is_enriched(built_warehouse: ModelWarehouse) -> None:
    warehouse = built_warehouse
    warehouse.loader.land(file_of("claims", "early", [claim("c-1"), claim("c-2", provider_id="provider-2")]))
    warehouse.run_green(*CHANGING)
    assert warehouse.transformer.rows("select claim_id, reject_reason from gate.pending_claims order by 1") == [
        ("c-1", "provider_not_known, patient_not_known"),
        ("c-2", "provider_not_known, patient_not_known"),
    ]

    warehouse.loader.land(file_of("providers", "one", [provider("provider-1")]))
    warehouse.loader.land(file_of("patients", "one", [patient("patient-1")]))
    warehouse.run_green(*CHANGING)

    enriched = "select claim_id, provider_specialty, patient_age_band, diagnosis_chapter, risk_category from marts.{}"
    assert warehouse.transformer.rows(enriched.format("fct_claims")) == [
        ("c-1", "cardiology", "40-64", "endocrine", "low")
    ]
    assert warehouse.transformer.rows("select claim_id, reject_reason from gate.pending_claims") == [
        ("c-2", "provider_not_known")
    ]


def test_nobody_but_restricted_tells_who_a_patient_is(built_warehouse: ModelWarehouse) -> None:
    warehouse = built_warehouse
    warehouse.loader.land(file_of("providers", "one", [provider("provider-1")]))
    warehouse.loader.land(file_of("patients", "one", [patient("patient-1"), patient("patient-2", patient_name=None)]))
    warehouse.loader.land(file_of("claims", "one", [claim("c-1"), claim("c-2", "misfiled")]))
    warehouse.run_green(*CHANGING)

    found = relations_with(warehouse, IDENTIFIERS)
    assert found == {"restricted.patient_identities", "restricted.stg_patient_identities"}

    (key,) = warehouse.transformer.rows("select distinct patient_key from marts.fct_claims")
    known = "select patient_key, patient_id, patient_name, birth_date from restricted.patient_identities"
    assert warehouse.transformer.rows(known) == [(*key, "patient-1", "Alma Berg", date(1980, 5, 6))]
    may_read = "select has_schema_privilege('landfall_reader', '{}', 'usage')"
    assert warehouse.admin.value(may_read.format("restricted")) is False
    assert warehouse.admin.value(may_read.format("marts")) is True


def test_of_a_deleted_patient_a_tombstone_stays_and_the_claims(built_warehouse: ModelWarehouse) -> None:
    warehouse = built_warehouse
    warehouse.loader.land(file_of("providers", "one", [provider("provider-1")]))
    warehouse.loader.land(file_of("patients", "one", [patient("patient-1")]))
    warehouse.loader.land(file_of("patients", "gone", [{**nothing_of(patient("patient-1", LATER)), "op": "D"}]))
    warehouse.loader.land(file_of("claims", "one", [claim("c-1")]))
    warehouse.run_green(*CHANGING)

    tombstone = "select gender, postal_area, birth_year, is_deleted from modeled.patients"
    assert warehouse.transformer.rows(tombstone) == [(None, None, None, True)]
    assert warehouse.transformer.rows("select * from restricted.patient_identities") == []
    assert warehouse.transformer.rows("select claim_id, patient_age_band from marts.fct_claims") == [("c-1", "unknown")]


def test_whatever_the_order_of_files_and_runs_the_claims_end_the_same(built_warehouse: ModelWarehouse) -> None:
    warehouse = built_warehouse
    for wave in (3, 1, 2):
        # claims before who they are of: they wait
        for file in reversed(generated(wave=wave, update_share=0.5, delete_share=0.3)):
            warehouse.loader.land(file)
        warehouse.run_green(*CHANGING)
    incremental = whole_tables(warehouse)
    assert all({row[-1] for row in rows} == {True, False} for rows in incremental)

    warehouse.run_green("--full-refresh", *CHANGING)

    assert whole_tables(warehouse) == incremental
    assert len(incremental[2]) == 40


def test_each_fault_of_the_generator_is_quarantined_for_its_reason(built_warehouse: ModelWarehouse) -> None:
    warehouse = built_warehouse
    assert set(REASONS) == set(FAULTS)
    for file in generated(bad_rows=len(FAULTS), orphans=1):
        warehouse.loader.land(file)

    warehouse.run_green(*CHANGING)

    count = "select reject_reason from gate.{}_claims"
    reasons = warehouse.transformer.rows(count.format("quarantine"))
    assert sorted(reason for (reason,) in reasons) == sorted(REASONS.values())
    quarantined_orphan = 1  # the first row is the first to be spoilt
    assert len(warehouse.transformer.rows(count.format("pending"))) == 1 - quarantined_orphan
    assert warehouse.transformer.value("select count(*) from modeled.claims") == 40 - len(FAULTS)


def generated(**options: Any) -> list[SeedFile]:
    """Return files of generated providers, patients and claims."""
    plan = Plan(40, providers=12, patients=12, **options)
    batches = {
        "providers": provider_batches(plan),
        "patients": patient_batches(plan),
        "claims": claim_batches(plan),
    }
    return [generated_file(dataset, f"wave-{plan.wave}", tables) for dataset, tables in batches.items()]


def nothing_of(row: Any) -> dict[str, Any]:
    """Return a row with key and time alone."""
    return {name: value if name in ("patient_id", "updated_at") else None for name, value in row.items()}


def whole_tables(warehouse: ModelWarehouse) -> list[list[tuple[Any, ...]]]:
    """Return what is modeled, whether it is deleted last."""
    return [
        warehouse.transformer.rows(f"select {columns}, is_deleted from modeled.{table} order by 1")
        for table, columns in (
            ("providers", "provider_id, is_in_network, _row_digest"),
            ("patients", "patient_key, postal_area, _row_digest"),
            ("claims", "claim_id, claim_status, paid_amount, _row_digest"),
        )
    ]


def relations_with(warehouse: ModelWarehouse, values: tuple[str, ...]) -> set[str]:
    """Return the tables and views outside landing in which any of some values stands, wherever in a row."""
    schemas = ("staging", "gate", "modeled", "marts", "alert", "restricted")
    query = f"select schemaname, {{0}}name from pg_{{0}}s where schemaname in {schemas}"
    names = [row for kind in ("table", "view") for row in warehouse.admin.rows(query.format(kind))]
    found = set()
    for schema, name in names:
        texts = {str(value) for row in warehouse.admin.rows(f"select * from {schema}.{name}") for value in row}
        if any(value in text for value in values for text in texts):
            found.add(f"{schema}.{name}")
    return found
