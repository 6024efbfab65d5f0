"""Sample data: the columns and types of the claims domain's files, and the values that its rows take.

Diagnoses are ICD-10-CM codes (https://www.cdc.gov/nchs/icd/icd-10-cm/), procedures five-character HCPCS codes
(https://www.cms.gov/medicare/coding-billing/healthcare-common-procedure-system), of which CPT codes are level I.
"""

from datetime import UTC, date, datetime

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types

from scripts.generator_draws import INSTANT, MONEY
from scripts.generator_waves import Fault, becomes

CLAIMS = pa.schema(
    [
        ("claim_id", pa.string()),
        ("patient_id", pa.string()),
        ("provider_id", pa.string()),
        ("claim_status", pa.string()),
        ("claim_type", pa.string()),
        ("diagnosis_code", pa.string()),
        ("procedure_code", pa.string()),
        ("billed_amount", MONEY),
        ("allowed_amount", MONEY),
        ("paid_amount", MONEY),
        ("service_date", pa.date32()),
        ("submitted_at", INSTANT),
        ("updated_at", INSTANT),
    ]
)

PROVIDERS = pa.schema(
    [
        ("provider_id", pa.string()),
        ("npi", pa.string()),
        ("provider_name", pa.string()),
        ("specialty", pa.string()),
        ("state", pa.string()),
        ("is_in_network", pa.bool_()),
        ("updated_at", INSTANT),
    ]
)

PATIENTS = pa.schema(
    [
        ("patient_id", pa.string()),
        ("patient_name", pa.string()),
        ("member_number", pa.string()),
        ("gender", pa.string()),
        ("postal_code", pa.string()),
        ("birth_date", pa.date32()),
        ("updated_at", INSTANT),
    ]
)

PROGRESS = ["submitted", "in_review", "approved", "paid"]
CLAIM_TYPES = ["professional", "professional", "professional", "outpatient", "outpatient", "inpatient"]
DIAGNOSES = [
    "E11.9",
    "I10",
    "I25.10",
    "J45.909",
    "M54.50",
    "F32.9",
    "K21.9",
    "N39.0",
    "C50.911",
    "S72.001A",
    "Z00.00",
    "O80",
]
PROCEDURES = ["99213", "99214", "99285", "80053", "71046", "93000", "36415", "G0439", "J1885", "0001A"]
SPECIALTIES = ["cardiology", "family medicine", "internal medicine", "oncology", "orthopedics", "pediatrics"]
STATES = ["CA", "CA", "FL", "IL", "MA", "NY", "NY", "TX", "TX", "WA"]
GENDERS = ["female", "female", "male", "male", "other"]
POSTAL_CODES = ["02139", "10001", "33101", "60601", "73301", "75201", "90001", "94103", "98101", "11201"]
FIRST_NAMES = ["Alma", "Bruno", "Carla", "Deepak", "Esra", "Femi", "Greta", "Hugo", "Iris", "Jonas"]
LAST_NAMES = ["Abara", "Berg", "Conti", "Demir", "Eriksen", "Farouk", "Greco", "Hoang", "Iyer", "Jensen"]
PRACTICES = ["Clinic", "Health Center", "Hospital", "Medical Group", "Practice"]
PLACES = ["Bayside", "Cedar", "Eastgate", "Harbor", "Lakeview", "Northfield", "Riverside", "Summit"]

FAULTS = {
    "malformed_diagnosis": Fault("diagnosis_code", becomes("flu")),
    "malformed_procedure": Fault("procedure_code", becomes("9921")),
    "negative_bill": Fault("billed_amount", pc.negate),
    "paid_too_much": Fault("paid_amount", becomes(999_999_999)),
    "unknown_status": Fault("claim_status", becomes("misfiled")),
    "missing_key": Fault("claim_id", becomes(None)),
    "missing_patient": Fault("patient_id", becomes(None)),
    "future_service": Fault("service_date", becomes(date(3024, 1, 1))),
    "submitted_too_early": Fault("submitted_at", becomes(datetime(1999, 12, 31, tzinfo=UTC))),
}
# Breaks no rule of its row: the claim waits for a provider that does not come.
UNKNOWN_PROVIDER = "PRV-none"
