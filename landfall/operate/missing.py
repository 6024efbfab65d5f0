"""OPERATE: files that the warehouse has never heard of, found and announced. In: a scope of the bucket. Out: a tally.

The nightly reconcile does the same with the same code; here a person watches, and there is no limit of time.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ingest_lambda.arrive.routing import PREFIX
from ingest_lambda.errors import ConfigError
from ingest_lambda.reconcile import events as reconcile_events
from ingest_lambda.reconcile import tables
from ingest_lambda.reconcile.events import Cause
from ingest_lambda.reconcile.find import Tally, find
from ingest_lambda.reconcile.listing import Listed, PassedOver, Scope
from ingest_lambda.table_format import OwnedFolder
from landfall.operate import declared

if TYPE_CHECKING:
    from landfall.stack import Stack

Watch = Callable[[int], None]


def prefix_of(name: str, bucket: str) -> str:
    """Read a prefix under raw/, given as it is or as `s3://bucket/prefix`.

    >>> prefix_of("s3://b/raw/orders/", "b"), prefix_of("raw/", "b")
    ('raw/orders/', 'raw/')

    Raises:
        ConfigError: it names another bucket, or a place that landing does not read.
    """
    prefix = name
    if name.startswith("s3://"):
        named_bucket, _, prefix = name.removeprefix("s3://").partition("/")
        if named_bucket != bucket:
            raise ConfigError(f"{name} is not in the landing bucket {bucket}: copy the files to s3://{bucket}/{PREFIX}")
    if not prefix.startswith(PREFIX):
        raise ConfigError(f"{prefix!r} is not under {PREFIX}, and landing reads nothing else: copy the files there")
    return prefix


def scope_of(stack: "Stack", prefix: str = PREFIX, dataset: str | None = None, before: datetime | None = None) -> Scope:
    """Name what to look at, with what the deployment and the contracts say of keys."""
    return Scope(stack.bucket, prefix, declared.rules(stack.route_pattern), dataset, before)


def gather(stack: "Stack", scope: Scope, watch: Watch = lambda _: None) -> Tally:
    """Compare a scope of the bucket with the warehouse; tell `watch` how many versions have been looked at."""
    total = Tally()
    for tally in find(stack.s3, stack.warehouse, scope):
        total.add(tally)
        watch(total.listed)
    return total


def see_to_tables(
    stack: "Stack", tally: Tally, scope: Scope, *, repair: bool, frees: bool = False
) -> tuple[list[tables.Found], list[OwnedFolder]]:
    """Set apart what lies in folders of table formats; with `repair`, record these, and with `frees` forget old ones.

    Return the folders that the warehouse did not know, and those whose logs are gone.
    """
    new = tables.unrecorded(tally)
    tables.set_apart(tally, new)
    found = tables.record(stack.warehouse, new, repair=repair)
    freed = tables.gone(tally, scope) if frees else []
    if repair:
        tables.forget(stack.warehouse, freed)
    return found, freed


def tables_face(found: Sequence[tables.Found], freed: Sequence[OwnedFolder]) -> dict[str, Any]:
    """Spell them as the JSON faces do."""
    return {"tables": [tables.face(each) for each in found], "freed": [folder.prefix for folder in freed]}


def tables_lines(found: Sequence[tables.Found], freed: Sequence[OwnedFolder]) -> list[str]:
    """Word them for people."""
    return [*map(tables.describe, found), *map(tables.describe_gone, freed)]


def send(
    stack: "Stack", files: Sequence[Listed], cause: Cause, rate: float = 0.0, watch: Watch = lambda _: None
) -> None:
    """Announce files again, at most `rate` a second (0: no limit); tell `watch` how many are sent."""
    bodies = [reconcile_events.notification(listed.file, cause) for listed in files]
    reconcile_events.send(stack.sqs, stack.output("LandingQueueUrl"), bodies, rate, watch)


def face(tally: Tally) -> dict[str, Any]:
    """Spell a tally as the JSON faces do."""
    return {
        "listed": tally.listed,
        "known": {standing.value: count for standing, count in sorted(tally.known.items())},
        "passed_over": {why: count for why, count in sorted(tally.passed_over.items()) if count},
        "missing": [file_face(listed) for listed in tally.missing],
        "archived": [file_face(listed) for listed in tally.offline],
        "unread": [file_face(listed) for listed in tally.unread],
        "ignored": {kind.value: count for kind, count in sorted(tally.ignored.items())},
        "ignored_files": [ignored_face(passed) for passed in tally.passed_by],
    }


def ignored_face(passed: PassedOver) -> dict[str, Any]:
    """Spell an ignored file as the JSON faces do."""
    place = {"source_file": passed.file.uri, "version_id": passed.file.version_id, "dataset": passed.why.dataset}
    return {**place, "kind": passed.why.kind.value, "reason": passed.why.reason}


def file_face(listed: Listed) -> dict[str, Any]:
    """Spell a file as the JSON faces do."""
    return {"source_file": listed.file.uri, "version_id": listed.file.version_id, "dataset": listed.dataset}


def counts(tally: Tally) -> list[tuple[str, int]]:
    """List what a tally counts, for people."""
    known = [(f"known: {standing.value}", count) for standing, count in sorted(tally.known.items())]
    passed = [(f"passed over: {reason}", count) for reason, count in sorted(tally.passed_over.items()) if count]
    kinds = [(f"ignored: {kind}", count) for kind, count in sorted(tally.ignored.items())]
    missing = [
        ("missing", len(tally.missing)),
        ("missing, archived: restore them first", len(tally.offline)),
        ("not known, and no name that says what they are", len(tally.unread)),
    ]
    found = [(what, count) for what, count in missing if count]
    return [("object versions", tally.listed), *known, *passed, *kinds, *found]


def to_announce(tally: Tally) -> list[Listed]:
    """Pick the files that may land now: those that are missing, and those that only reading can tell."""
    return [*tally.missing, *(listed for listed in tally.unread if not listed.offline)]
