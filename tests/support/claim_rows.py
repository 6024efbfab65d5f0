"""Rows of the claims domain that break no rule, unless a test says so."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.support.warehouse_seed import NOON, Row, SeedFile


def claim(claim_id: str | None, status: str = "paid", at: datetime | None = NOON, **changes: Any) -> Row:
    """Return one row of `claims`."""
    return {
        "claim_id": claim_id,
        "patient_id": "patient-1",
        "provider_id": "provider-1",
        "claim_status": status,
        "claim_type": "professional",
        "diagnosis_code": "E11.9",
        "procedure_code": "99213",
        "billed_amount": Decimal("100.00"),
        "allowed_amount": Decimal("80.00"),
        "paid_amount": Decimal("70.00"),
        "service_date": date(2025, 11, 10),
        "submitted_at": NOON,
        "updated_at": at,
        "op": None,
    } | changes


def provider(provider_id: str | None, at: datetime | None = NOON, **changes: Any) -> Row:
    """Return one row of `providers`."""
    return {
        "provider_id": provider_id,
        "npi": "1234567893",
        "provider_name": "Harbor Clinic",
        "specialty": "cardiology",
        "state": "NY",
        "is_in_network": True,
        "updated_at": at,
        "op": None,
    } | changes


def patient(patient_id: str | None, at: datetime | None = NOON, **changes: Any) -> Row:
    """Return one row of `patients`."""
    return {
        "patient_id": patient_id,
        "patient_name": "Alma Berg",
        "member_number": "M012345678",
        "gender": "female",
        "postal_code": "02139",
        "birth_date": date(1980, 5, 6),
        "updated_at": at,
        "op": None,
    } | changes


def file_of(dataset: str, name: str, rows: Sequence[Row], modified_at: datetime = NOON) -> SeedFile:
    """Return a file of claims, providers or patients."""
    return SeedFile(dataset, f"raw/{dataset}/{name}.parquet", rows, modified_at)
