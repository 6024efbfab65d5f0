"""OPERATE: bucket and warehouse compared. In: a stack. Out: what is missing, what was announced, what differs."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from ingest_lambda.reconcile import ledger as reconcile_ledger
from ingest_lambda.reconcile.events import Cause
from ingest_lambda.reconcile.find import Tally
from ingest_lambda.reconcile.ledger import Mismatch
from ingest_lambda.reconcile.mark import Mark, begin
from ingest_lambda.reconcile.restored import forget_what_was_built, is_restored
from ingest_lambda.reconcile.tables import Found
from ingest_lambda.table_format import OwnedFolder
from ingest_lambda.warehouse.catalog import landed_datasets
from landfall.operate import missing

if TYPE_CHECKING:
    from landfall.stack import Stack

GRACE_SECONDS = 3600.0
FILES_A_SECOND = 100.0


class Counting(Protocol):
    """What shows progress: told what is counted and of how many, it yields a function that is told how far it is."""

    def __call__(self, what: str, total: int | None = None) -> AbstractContextManager[Callable[[int], None]]:
        """Begin to count."""


@dataclass(frozen=True)
class Reconciliation:
    """What comparing found, and how many files were announced again (`sent`).

    `tables` are folders of table formats that the warehouse did not know, `freed` those whose logs are gone,
    `mismatches` files whose rows in landing are not as many as the ledger says. `is_restored`: the warehouse is an
    older one than the last round has seen, so that the whole project is built again.
    """

    tally: Tally
    tables: Sequence[Found]
    freed: Sequence[OwnedFolder]
    mismatches: Sequence[Mismatch]
    sent: int
    is_restored: bool = False

    @property
    def is_missing(self) -> bool:
        """Tell whether files are missing and stay so: archived ones, and those that were not announced."""
        return bool(self.tally.offline or (self.tally.missing and not self.sent))

    def to_dict(self) -> dict[str, Any]:
        """Spell it as its JSON face does."""
        found = {**missing.face(self.tally), "sent": self.sent, **missing.tables_face(self.tables, self.freed)}
        mismatches = [asdict(mismatch) for mismatch in self.mismatches]
        return {**found, "mismatches": mismatches, "restored": self.is_restored}


def _silent(what: str, total: int | None = None) -> AbstractContextManager[Callable[[int], None]]:
    del what, total  # nobody watches
    return nullcontext(lambda _done: None)


def reconcile(
    stack: "Stack",
    dataset: str | None = None,
    *,
    repair: bool = True,
    grace_seconds: float = GRACE_SECONDS,
    rate: float = FILES_A_SECOND,
    counting: Counting = _silent,
) -> Reconciliation:
    """Compare every object version with the ledgers, and every ledger row with the rows in landing.

    With `repair`, what is missing is announced again, at most `rate` files a second. Files that are younger than
    `grace_seconds` are left out: they may be on their way. With `repair`, what was remembered of a warehouse that has
    been restored since is forgotten: the next sweep builds the whole project, and the next night compares all.
    """
    scope = missing.scope_of(stack, dataset=dataset, before=datetime.now(UTC) - timedelta(seconds=grace_seconds))
    with counting("comparing bucket and warehouse") as watch:
        tally = missing.gather(stack, scope, watch)
    tables, freed = missing.see_to_tables(stack, tally, scope, repair=repair, frees=True)
    names = landed_datasets(stack.warehouse, dataset)
    mismatches = reconcile_ledger.mismatches(stack.warehouse, names)
    to_announce = missing.to_announce(tally) if repair else []
    if to_announce:
        with counting("announcing", len(to_announce)) as watch:
            missing.send(stack, to_announce, Cause.RECONCILE, rate, watch)
    restored = is_restored(stack.warehouse, stack.reconcile_marks.read())
    if restored and repair:
        _begin_anew(stack)
    return Reconciliation(tally, tables, freed, mismatches, len(to_announce), restored)


def _begin_anew(stack: "Stack") -> None:
    """Forget what was built, and last of all let the warehouse count as the one that is known."""
    forget_what_was_built(stack.s3, stack.bucket, stack.mark)
    mark = Mark(uuid4().hex, datetime.now(UTC))
    begin(stack.warehouse, mark.epoch)
    stack.reconcile_marks.write(mark)
