"""OPERATE, doctor: the checks of how keys are read. In: a stack. Out: findings."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingest_lambda.arrive import folders
from ingest_lambda.arrive.known_folders import doubtful
from ingest_lambda.arrive.routing import PREFIX, Ignored, Kind, Rules, route
from ingest_lambda.reconcile.ledger import datasets
from landfall.doctor.findings import Finding, Status, judged, ok
from landfall.operate import declared
from landfall.operate.statements import bookkeeping

if TYPE_CHECKING:
    from landfall.stack import Stack

LOOKED_AT = 10_000  # objects: ten pages of S3's listing
MANY, SHARE = 10, 0.1  # a bucket is full of ignored files from so many on, and such a part of what was looked at
NAMED = 5


def little_is_ignored(stack: "Stack") -> Iterator[Finding]:
    """Does landing pass over much of the bucket? Only keys are looked at, of the objects that are there now."""
    rules = declared.rules(stack.route_pattern)
    pages = stack.s3.get_paginator("list_objects_v2").paginate(
        Bucket=stack.bucket, Prefix=PREFIX, PaginationConfig={"MaxItems": LOOKED_AT}
    )
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    ignored = [(key, routed) for key in keys if (routed := _ignored(key, rules)) is not None]
    kinds = Counter(routed.kind.value for _, routed in ignored)
    found = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    detail = f"{len(ignored):,} of the first {len(keys):,} objects under {PREFIX} are ignored"
    if ignored:
        first, why = ignored[0]
        detail += f": {found}; as {first}: {why.reason}"
    is_well = len(ignored) < MANY or len(ignored) < SHARE * len(keys)
    remedy = "landfall history --ignored lists them with their reasons; docs/routing.md"
    yield judged("ignored files", is_well, detail, remedy, Status.WARNING)


def _ignored(key: str, rules: Rules) -> Ignored | None:
    """Say why a key is ignored; None where it is not, or where that is nothing to wonder at (`_SUCCESS`, `a/`)."""
    routed = route(key, rules)
    if not isinstance(routed, Ignored) or routed.kind is Kind.FOLDER_MARKER:
        return None
    return None if folders.is_writers_own(key.rsplit("/", 1)[-1]) else routed


def folders_are_of_one_table(stack: "Stack") -> Iterator[Finding]:
    """Do files of a dataset come from folders that may be other tables'?"""
    rules = declared.rules(stack.route_pattern)
    names = datasets(stack.warehouse)
    sqls = bookkeeping.select_folders(names, rules.prefixes)
    rows = [row for sql in sqls for row in stack.warehouse.query(sql)]
    is_well = True
    for name in names:
        in_doubt = doubtful(name, [str(row["folder"]) for row in rows if row["dataset"] == name], rules)
        if in_doubt:
            is_well = False
            named = ", ".join(in_doubt[:NAMED]) + (" ..." if len(in_doubt) > NAMED else "")
            detail = f"files of {name} come from folders that may be other tables': {named}"
            remedy = f"declare folders: any for {name}, or prefixes of the other tables: docs/runbook.md#other-tables"
            yield Finding("folders", Status.WARNING, detail, remedy)
    if is_well:
        yield ok("folders", f"the files of {len(names)} datasets come from folders that are theirs")
