"""Sample data: healthcare claims with their providers and patients, all invented. In: a `Plan`. Out: arrow tables.

Amounts hold by construction: paid <= allowed <= billed; nothing is allowed before a claim is decided.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types

from scripts import claim_schema as values
from scripts.claim_schema import CLAIMS, FAULTS, PATIENTS, PROVIDERS
from scripts.generator_draws import (
    DAY,
    FIRST_DAY,
    SECOND,
    Integers,
    dates,
    identifiers,
    instants,
    integers,
    money,
    pick,
    ranges,
    uniform,
)
from scripts.generator_waves import Generation, Mask, spoil

DAYS = 90
DENIED_SHARE = 0.08
OLDEST = 95 * 365  # days


@dataclass(frozen=True)
class Plan(Generation):
    """What to generate: so many claims of so many patients, at so many providers."""

    claims: int
    first_claim: int = 1
    patients: int = 0
    providers: int = 0
    orphans: int = 0

    @property
    def patient_count(self) -> int:
        """How many patients there are: one for four claims unless told."""
        return self.patients or max(1, self.claims // 4)

    @property
    def provider_count(self) -> int:
        """How many providers there are: one for fifty claims unless told."""
        return self.providers or max(1, self.claims // 50)


def claim_batches(plan: Plan) -> Iterator[pa.Table]:
    """Generate the claims; `bad_rows` of them break a rule, the first `orphans` name a provider that is not there."""
    left = plan.bad_rows
    for everyone in ranges(plan.first_claim, plan.claims):
        numbers = plan.members("claim ", everyone)
        if len(numbers):
            bad = min(left, len(numbers))
            left -= bad
            table = _with_orphans(plan, numbers, _claims(plan, numbers))
            deleted = plan.deleted("claim ", numbers)
            spoilt = spoil(table, bad, FAULTS, spared=deleted)
            yield plan.with_operations(spoilt, deleted, kept=("claim_id", "updated_at"))


def provider_batches(plan: Plan) -> Iterator[pa.Table]:
    """Generate the providers that the claims name."""
    return _entities(plan, "provider ", plan.provider_count, _providers, kept=("provider_id", "updated_at"))


def patient_batches(plan: Plan) -> Iterator[pa.Table]:
    """Generate the patients that the claims name."""
    return _entities(plan, "patient ", plan.patient_count, _patients, kept=("patient_id", "updated_at"))


def npi_of(numbers: Integers) -> pa.Array:
    """Make National Provider Identifiers: nine digits and a check digit by the Luhn formula, after the prefix 80840.

    https://www.cms.gov/Regulations-and-Guidance/Administrative-Simplification/NationalProvIdentStand: its example is
    123456789, whose check digit is 3.

    >>> npi_of(np.array([23456789])).to_pylist()
    ['1234567893']
    """
    stems = 100_000_000 + numbers
    places = np.array([stems // 10**place % 10 for place in range(8, -1, -1)])
    doubled = places[::2] * 2
    total = 24 + (doubled // 10 + doubled % 10).sum(axis=0) + places[1::2].sum(axis=0)
    return pa.array(stems * 10 + -total % 10).cast(pa.string())


def _entities(
    plan: Plan, entity: str, count: int, make: Callable[[Plan, Integers], pa.Table], kept: tuple[str, ...]
) -> Iterator[pa.Table]:
    for everyone in ranges(1, count):
        numbers = plan.members(entity, everyone)
        if len(numbers):
            yield plan.with_operations(make(plan, numbers), plan.deleted(entity, numbers), kept)


def _claims(plan: Plan, numbers: Integers) -> pa.Table:
    stage = np.minimum(integers(plan.seed, "claim stage", numbers, 0, 2) + plan.steps, len(values.PROGRESS) - 1)
    denied = (uniform(plan.seed, "denied", numbers) < DENIED_SHARE) & (stage >= values.PROGRESS.index("approved"))
    statuses = pa.array(values.PROGRESS).take(pa.array(stage))
    billed = (uniform(plan.seed, "billed", numbers) ** 4 * 2_000_000).astype(np.int64) + 4_500
    allowed = np.where(denied, 0, billed * integers(plan.seed, "allowed", numbers, 50, 100) // 100)
    paid = allowed * integers(plan.seed, "paid", numbers, 70, 100) // 100
    served = FIRST_DAY - DAYS + integers(plan.seed, "served", numbers, 0, DAYS - 1)
    submitted = (served + 1) * DAY + integers(plan.seed, "submitted", numbers, 0, 45 * 86_400) * SECOND
    return pa.table(
        [
            identifiers("CLM-", numbers),
            identifiers("PAT-", integers(plan.seed, "patient", numbers, 1, plan.patient_count)),
            identifiers("PRV-", integers(plan.seed, "provider", numbers, 1, plan.provider_count), width=6),
            pc.if_else(pa.array(denied), "denied", statuses),
            pick(plan.seed, "claim type", numbers, values.CLAIM_TYPES),
            pick(plan.seed, "diagnosis", numbers, values.DIAGNOSES),
            pick(plan.seed, "procedure", numbers, values.PROCEDURES),
            money(billed),
            _known(money(allowed), stage >= values.PROGRESS.index("approved")),
            _known(money(paid), denied | (stage == values.PROGRESS.index("paid"))),
            dates(served),
            instants(submitted),
            instants(submitted + integers(plan.seed, "handled", numbers, 60, 36_000) * SECOND + plan.steps * DAY),
        ],
        schema=CLAIMS,
    )


def _with_orphans(plan: Plan, numbers: Integers, claims: pa.Table) -> pa.Table:
    is_orphan = pa.array(numbers < plan.first_claim + plan.orphans)
    providers = pc.if_else(is_orphan, values.UNKNOWN_PROVIDER, claims["provider_id"])
    return claims.set_column(CLAIMS.get_field_index("provider_id"), CLAIMS.field("provider_id"), providers)


def _providers(plan: Plan, numbers: Integers) -> pa.Table:
    place = pick(plan.seed, "place", numbers, values.PLACES)
    practice = pick(plan.seed, "practice", numbers, values.PRACTICES)
    return pa.table(
        [
            identifiers("PRV-", numbers, width=6),
            npi_of(numbers),
            pc.binary_join_element_wise(place, practice, " "),
            pick(plan.seed, "specialty", numbers, values.SPECIALTIES),
            pick(plan.seed, "state", numbers, values.STATES),
            pa.array(uniform(plan.seed, f"in network {plan.wave}", numbers) < 0.8),
            _changed(plan, numbers),
        ],
        schema=PROVIDERS,
    )


def _patients(plan: Plan, numbers: Integers) -> pa.Table:
    first = pick(plan.seed, "patient first name", numbers, values.FIRST_NAMES)
    last = pick(plan.seed, "patient last name", numbers, values.LAST_NAMES)
    return pa.table(
        [
            identifiers("PAT-", numbers),
            pc.binary_join_element_wise(first, last, " "),
            identifiers("M", integers(plan.seed, "member", numbers, 1, 10**8), width=9),
            pick(plan.seed, "gender", numbers, values.GENDERS),
            pick(plan.seed, f"postal code {plan.wave}", numbers, values.POSTAL_CODES),
            dates(FIRST_DAY - DAYS - integers(plan.seed, "age", numbers, 0, OLDEST)),
            _changed(plan, numbers),
        ],
        schema=PATIENTS,
    )


def _changed(plan: Plan, numbers: Integers) -> pa.Array:
    return instants(np.full(len(numbers), (FIRST_DAY - DAYS + plan.steps) * DAY, dtype=np.int64))


def _known(column: pa.Array, known: Mask) -> pa.Array:
    return pc.if_else(pa.array(known), column, pa.scalar(None, column.type))
