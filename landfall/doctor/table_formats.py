"""OPERATE, doctor: folders of datasets that table formats own. In: a stack. Out: findings.

The warehouse knows those whose logs have arrived; the bucket has those whose logs arrived before anybody listened; and
landing may hold rows of files that landed when nothing knew them.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ingest_lambda.arrive.owned import owned_folder
from ingest_lambda.arrive.routing import PREFIX, Rules
from ingest_lambda.arrive.table_logs import FOLDERS
from ingest_lambda.judge.table_formats import declare
from ingest_lambda.legible import quoted
from ingest_lambda.read.table_signs import HUDI_COLUMNS
from ingest_lambda.table_format import OwnedFolder, TableFormat
from ingest_lambda.warehouse import owned_folders
from landfall.doctor.findings import Finding, Status, ok
from landfall.operate import declared
from landfall.operate.statements import catalog

if TYPE_CHECKING:
    from landfall.stack import Stack

CHECK = "table formats"
RUNBOOK = "docs/runbook.md#folder-of-a-table-format"
LOOKS_AT_ONCE = 16
COMMANDS = 3


def folders_are_not_tables(stack: "Stack") -> Iterator[Finding]:
    """Is no dataset's folder the table of Delta Lake, Hudi or Iceberg, whose files are no rows to be appended?"""
    rules = declared.rules(stack.route_pattern)
    known = [each for each in owned_folders.read_folders(stack.warehouse) if each.dataset not in rules.append_only]
    places = {(each.bucket, each.prefix) for each in known}
    unheard = [each for each in _in_bucket(stack, rules) if (each.bucket, each.prefix) not in places]
    landed = [name for name in _with_hudis_columns(stack) if name not in rules.append_only]
    for folder in known:
        yield _known(stack, folder)
    for folder in unheard:
        detail = f"{folder.prefix} is the folder of a {folder.format} table, which landing has not heard of yet"
        yield Finding(CHECK, Status.WARNING, detail, "landfall reconcile --grace 0")
    for dataset in landed:
        detail = f"landing.{dataset} has rows of {TableFormat.HUDI} files, which a compaction wrote again"
        yield Finding(CHECK, Status.WARNING, detail, f"{RUNBOOK}; {declare(dataset)}")
    if not (known or unheard or landed):
        yield ok(CHECK, "no dataset's folder is a table's of Delta Lake, Hudi or Iceberg")


def _known(stack: "Stack", folder: OwnedFolder) -> Finding:
    landed = owned_folders.landed_before(stack.warehouse, folder)
    detail = f"{folder.prefix} is the folder of a {folder.format} table: its files are rejected"
    if not landed.files:
        return Finding(CHECK, Status.WARNING, detail, RUNBOOK)
    commands = [f"landfall undo {quoted(key)}" for key in landed.keys[:COMMANDS]]
    more = [f"and {landed.files - len(commands):,} more"] if landed.files > len(commands) else []
    said = f"{detail}; {landed.files:,} files of it landed before"
    return Finding(CHECK, Status.WARNING, said, f"{'; '.join([*commands, *more])}; {RUNBOOK}")


def _in_bucket(stack: "Stack", rules: Rules) -> list[OwnedFolder]:
    """Look for the logs of tables that fill a dataset's folder: a page of the listing each."""
    pages = stack.s3.get_paginator("list_objects_v2").paginate(Bucket=stack.bucket, Prefix=PREFIX, Delimiter="/")
    datasets = [str(each["Prefix"]) for page in pages for each in page.get("CommonPrefixes", [])]
    places = [dataset + folder.removeprefix("/") for dataset in datasets for folder in FOLDERS]
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
        found = list(pool.map(lambda place: _first_log(stack, place, rules), places))
    return list({(each.bucket, each.prefix): each for each in found if each}.values())


def _first_log(stack: "Stack", place: str, rules: Rules) -> OwnedFolder | None:
    listed = stack.s3.list_objects_v2(Bucket=stack.bucket, Prefix=place).get("Contents", [])
    found = (owned_folder(stack.bucket, str(each["Key"]), rules) for each in listed)
    return next((folder for folder in found if folder), None)


def _with_hudis_columns(stack: "Stack") -> list[str]:
    rows = stack.warehouse.query(catalog.select_tables_with("landing", sorted(HUDI_COLUMNS)))
    return [str(row["name"]) for row in rows]
