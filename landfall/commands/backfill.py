"""`landfall backfill`: land what was in the bucket before the trigger."""

from typing import TYPE_CHECKING, Annotated

import typer

from ingest_lambda.legible import visible
from landfall import output

if TYPE_CHECKING:
    from landfall.stack import Stack

LEFT = 1
NAMED = 20

RateOption = Annotated[
    float, typer.Option("--rate", min=0, metavar="N", help="Files announced a second; 0 for no limit.")
]


def register(app: typer.Typer) -> None:
    """Add `backfill` to the command line."""
    app.command()(backfill)


def backfill(
    prefix: Annotated[str, typer.Argument(help="Where the files are: a prefix under raw/, or s3://bucket/prefix.")],
    dataset: output.DatasetOption = None,
    removed: Annotated[
        bool, typer.Option("--removed", help="The files whose rows were removed from landing, instead.")
    ] = False,
    rate: RateOption = 100.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be announced.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Announce every object version under a prefix that has neither landed nor been rejected, so that it lands.

    Repeat it freely: what is known is skipped, and what is announced twice lands once. A file whose name does not say
    what it is (part-00000, a.snappy) is announced each time until it has landed: landing reads it, and ignores what is
    no parquet. Files that arrive meanwhile wait behind those that are announced, which is what --rate is for. With
    --removed, exits 1 where a file is gone from S3, archived there, or of another dataset by the rules of now.
    """
    from ingest_lambda.reconcile.events import Cause
    from landfall import environment
    from landfall.operate import missing

    stack = environment.stack()
    if removed:
        _bring_back(stack, missing.prefix_of(prefix, stack.bucket), dataset, rate, dry_run=dry_run, as_json=as_json)
        return
    scope = missing.scope_of(stack, missing.prefix_of(prefix, stack.bucket), dataset)
    with output.counting("comparing bucket and warehouse") as watch:
        tally = missing.gather(stack, scope, watch)
    tables = missing.see_to_tables(stack, tally, scope, repair=not dry_run)
    to_announce = missing.to_announce(tally)
    found = len(to_announce)
    if not dry_run:
        with output.counting("announcing", found) as watch:
            missing.send(stack, to_announce, Cause.BACKFILL, rate, watch)
    if as_json:
        face = {
            "prefix": scope.prefix,
            **missing.face(tally),
            "gone": [],
            "elsewhere": [],
            "copies": [],
            "sent": 0 if dry_run else found,
        }
        output.print_json({**face, **missing.tables_face(*tables)})
        return
    console = output.stdout()
    console.print(f"s3://{stack.bucket}/{scope.prefix}", style="bold", markup=False, soft_wrap=True)
    console.print(output.table("", ("what", "count"), missing.counts(tally)))
    for line in missing.tables_lines(*tables):
        console.print(line, markup=False)
    said = "would be announced" if dry_run else "announced: `landfall status` shows them land"
    console.print(f"{found:,} {'file' if found == 1 else 'files'} {said}", markup=False)


def _bring_back(stack: "Stack", prefix: str, dataset: str | None, rate: float, *, dry_run: bool, as_json: bool) -> None:
    """Announce the files whose rows were removed, and name those that S3 cannot give."""
    from ingest_lambda.reconcile.events import Cause
    from ingest_lambda.reconcile.find import Tally
    from landfall.operate import gaps, missing

    names = sorted(gaps.gaps(stack.warehouse, dataset))
    found = gaps.look_for(stack, names, prefix)
    sent = 0 if dry_run else len(found.there)
    with output.counting("announcing", sent) as watch:
        missing.send(stack, found.there[:sent], Cause.BACKFILL, rate, watch)
    if as_json:
        tally = Tally(len(found.there) + len(found.offline) + len(found.gone) + len(found.elsewhere))
        tally.missing, tally.offline = list(found.there), list(found.offline)
        lost = {
            name: [missing.file_face(each) for each in files]
            for name, files in (
                ("gone", found.gone),
                ("elsewhere", found.elsewhere),
                ("copies", [*found.copies, *found.offline_copies]),
            )
        }
        output.print_json(
            {"prefix": prefix, **missing.face(tally), **lost, "sent": sent, **missing.tables_face([], [])}
        )
    else:
        console = output.stdout()
        for each in found.offline[:NAMED]:
            console.print(f"archived, restore it first: {visible(each.file.uri)}", markup=False, soft_wrap=True)
        for each in found.gone[:NAMED]:
            console.print(
                f"gone from S3: {visible(each.file.uri)} (version {each.file.version_id})", markup=False, soft_wrap=True
            )
        for each in found.elsewhere[:NAMED]:
            console.print(
                f"not of {each.dataset} by the rules of now: {visible(each.file.uri)}", markup=False, soft_wrap=True
            )
        for each in found.copies[:NAMED]:
            console.print(
                f"has the bytes of one, and was skipped: {visible(each.file.uri)}", markup=False, soft_wrap=True
            )
        for each in found.offline_copies[:NAMED]:
            console.print(f"as well, but restore it first: {visible(each.file.uri)}", markup=False, soft_wrap=True)
        for name in sorted({each.dataset for each in (*found.gone, *found.elsewhere)}):
            way = f"landfall housekeeping --give-up --dataset {name}"
            console.print(f"a backfill does not bring these rows of {name} back: {way} gives them up", markup=False)
        if found.copies:
            console.print("a file that was skipped for one of these lands once it is given up", markup=False)
        said = "would be announced" if dry_run else "announced: `landfall status` shows what is still missing"
        console.print(f"{len(found.there):,} files {said}", markup=False)
    if found.offline or found.gone or found.elsewhere:
        raise typer.Exit(LEFT)
