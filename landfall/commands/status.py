"""`landfall status`: what has landed, a dataset each, and what waits in the queue."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from landfall import output
from landfall.timestamps import seconds

if TYPE_CHECKING:
    from landfall.stack import Stack

DEPTHS = {"visible": "ApproximateNumberOfMessages", "in_flight": "ApproximateNumberOfMessagesNotVisible"}


def register(app: typer.Typer) -> None:
    """Add `status` to the command line."""
    app.command()(status)


def status(dataset: output.DatasetOption = None, as_json: output.JsonOption = False) -> None:
    """Show files and rows landed, what stays rejected, what waits for another try, the queues, whether it is paused."""
    from landfall import environment
    from landfall.operate import declared, files, names, pausing, waiting

    stack = environment.stack()
    totals = files.totals(stack.warehouse, dataset)
    queue = queue_depths(stack)
    waits = waiting.still_waiting(stack, dataset)
    paused = pausing.is_paused(stack)
    if dataset and not (totals or waits) and (said := names.unknown(stack, dataset, declared.contracts())):
        typer.echo(said, err=True)
    if as_json:
        facts = {"datasets": [asdict(total) for total in totals], "queue": queue, "paused": paused}
        output.print_json(facts | {"waiting": [waiting.line(each).to_dict() for each in waits]})
        return
    columns = ("dataset", "files landed", "rows landed", "files rejected", "last loaded at (UTC)")
    rows = [
        (total.dataset, total.files_landed, total.rows_landed, total.files_rejected, seconds(total.last_loaded_at))
        for total in totals
    ]
    console = output.stdout()
    console.print(output.table(f"Landed in {stack.name}", columns, rows))
    console.print("queue: " + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in queue.items()))
    if waits:
        console.print(
            f"{len(waits):,} files wait for another try (`landfall history --outcome waiting` lists them), as"
        )
        console.print(f"{waits[0].file.uri}: {waiting.words(waits[0])}", markup=False, soft_wrap=True)
    if paused:
        console.print("landing is paused: `landfall resume` lets it go on")


def queue_depths(stack: "Stack") -> dict[str, int]:
    """Count the messages that wait, that are being handled, and that were given up.

    SQS answers approximately (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html).
    """
    landing = _attributes(stack, "LandingQueueUrl")
    dead_letter = _attributes(stack, "DeadLetterQueueUrl")
    depths = {name: int(landing[attribute]) for name, attribute in DEPTHS.items()}
    return {**depths, "dead_lettered": int(dead_letter[DEPTHS["visible"]])}


def _attributes(stack: "Stack", queue: str) -> Mapping[str, str]:
    response = stack.sqs.get_queue_attributes(QueueUrl=stack.output(queue), AttributeNames=["All"])
    return {str(name): value for name, value in response["Attributes"].items()}
