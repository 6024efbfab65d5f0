"""`landfall doctor`: is everything in place?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from landfall import failures, output

if TYPE_CHECKING:
    from landfall.doctor.findings import Check, Finding

FAILED, UNKNOWN = 1, failures.TRANSIENT
# No release changes what has come; to look at it all takes the right to read every file. Nor does it silence an alarm.
NOT_OF_A_RELEASE = frozenset(
    {"ignored files", "positions", "snapshots", "removed rows", "old rows", "folders", "table formats", "alarms"}
)


def register(app: typer.Typer) -> None:
    """Add `doctor` to the command line."""
    app.command()(doctor)


def doctor(
    release: Annotated[bool, typer.Option("--release", help="Only what a release can break, to roll it back.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Check the whole chain: stack, bucket and trigger, queues, functions, warehouse, COPY, schedules, who is told.

    Each finding says what to do. Exits 1 if a check failed, or could not look; a warning (landing is paused, nobody
    gets the alerts) is no failure. With --release the files that have come are left out, what failed before (dead
    letters, the last transform) is a warning, and where nothing failed but a check could not look it exits 4.
    """
    from landfall import environment
    from landfall.doctor.findings import Status, after_release, examine

    stack = environment.stack()
    checks = [each for each in all_checks() if not (release and each[0] in NOT_OF_A_RELEASE)]
    with output.counting("examining", len(checks)) as watch:
        findings = examine(stack, checks, watch)
    if release:
        findings = after_release(findings)
    found = {finding.status for finding in findings}
    healthy = not found & {Status.FAILED, Status.UNKNOWN}
    if as_json:
        output.print_json({"healthy": healthy, "findings": [asdict(finding) for finding in findings]})
    else:
        _show(findings)
    if not healthy:
        raise typer.Exit(UNKNOWN if release and Status.FAILED not in found else FAILED)


def all_checks() -> "list[tuple[str, Check]]":
    """List the checks, in the data's order."""
    from landfall.doctor import aws, folders, table_formats, warehouse

    return [
        ("stack", aws.stack_is_complete),
        ("bucket", aws.bucket_announces),
        ("ignored files", folders.little_is_ignored),
        ("landing queue", aws.queue_takes_events),
        ("dead letters", aws.no_dead_letters),
        ("retries", aws.nothing_is_tried_again),
        ("functions", aws.functions_are_active),
        ("what starts by itself", aws.starts_by_itself),
        ("clusters", warehouse.secrets_name_the_cluster),
        ("logins", warehouse.users_log_in),
        ("schemas", warehouse.schemas_are_owned),
        ("bookkeeping", warehouse.bookkeeping_is_there),
        ("rights", warehouse.rights_are_granted),
        ("positions", warehouse.rows_have_their_positions),
        ("keys", warehouse.columns_may_change),
        ("snapshots", warehouse.snapshots_are_whole),
        ("removed rows", warehouse.no_row_is_missing),
        ("old rows", warehouse.old_rows_leave),
        ("folders", folders.folders_are_of_one_table),
        ("COPY", warehouse.copy_reads_the_bucket),
        ("UNLOAD", warehouse.unload_writes_exports),
        ("table formats", table_formats.folders_are_not_tables),
        ("transform", aws.transform_runs),
        ("alarms", aws.alarms_may_ring),
        ("topics", aws.somebody_is_told),
    ]


def _show(findings: "Sequence[Finding]") -> None:
    rows = [(finding.check, finding.status.value, finding.detail, finding.remedy) for finding in findings]
    output.stdout().print(output.table("Findings", ("check", "state", "found", "what to do"), rows))
    typer.echo(_sum(findings))


def _sum(findings: "Sequence[Finding]") -> str:
    """Say how many are well.

    >>> from landfall.doctor.findings import Finding, Status
    >>> well, unwell = Finding("a", Status.OK, ""), Finding("b", Status.WARNING, "", "do this")
    >>> _sum([well, well]), _sum([well, unwell])
    ('all 2 checks are well', '1 of 2 checks are well (warning: 1)')
    """
    counts = Counter(finding.status.value for finding in findings)
    well = counts.pop("ok", 0)
    if not counts:
        return f"all {well} checks are well"
    rest = ", ".join(f"{status}: {count}" for status, count in sorted(counts.items()))
    return f"{well} of {len(findings)} checks are well ({rest})"
