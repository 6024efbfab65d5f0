"""OPERATE: what landing passes over. In: a scope of the bucket. Out: a line an object version, with the reason.

Nothing of an ignored file is in the warehouse, so it is found where it is: in the bucket's listing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ingest_lambda.reconcile.find import Tally, find
from ingest_lambda.reconcile.listing import Listed, PassedOver
from landfall.operate import missing
from landfall.timestamps import spell

if TYPE_CHECKING:
    from landfall.operate.missing import Watch
    from landfall.stack import Stack

UNREAD = "neither landed nor rejected, and its name does not say what it is"
UNREAD_REASON = "its name does not say what it is: ignored if its bytes are not parquet's; landfall reconcile reads it"


@dataclass(frozen=True)
class IgnoredLine:
    """One object version that is not landed; `dataset` is None where none can be told, `stored_at` is ISO 8601."""

    source_file: str
    version_id: str
    dataset: str | None
    kind: str
    reason: str
    size: int
    stored_at: str | None

    def to_dict(self) -> dict[str, Any]:
        """Spell the line as its JSON face does."""
        return asdict(self)


def lines(stack: "Stack", dataset: str | None = None, watch: "Watch" = lambda _: None) -> Iterator[IgnoredLine]:
    """List what is ignored under raw/, of one dataset or all; tell `watch` how many versions have been looked at."""
    looked_at = 0
    for tally in find(stack.s3, stack.warehouse, missing.scope_of(stack, dataset=dataset)):
        yield from lines_of(tally)
        looked_at += tally.listed
        watch(looked_at)


def lines_of(tally: Tally) -> Iterable[IgnoredLine]:
    """Word what a tally has passed over."""
    yield from map(_passed_over, tally.passed_by)
    yield from map(_unread, tally.unread)


def _passed_over(passed: PassedOver) -> IgnoredLine:
    file, why = passed.file, passed.why
    return IgnoredLine(
        file.uri, file.version_id, why.dataset, why.kind.value, why.reason, file.size, spell(passed.stored_at)
    )


def _unread(listed: Listed) -> IgnoredLine:
    file, stored_at = listed.file, spell(listed.stored_at) if listed.stored_at else None
    return IgnoredLine(file.uri, file.version_id, listed.dataset, UNREAD, UNREAD_REASON, file.size, stored_at)
