"""OPERATE: telling the sweeps that somebody changes something by hand. In: a stack. Out: its mark, set.

Without it a sweep would leave the warehouse asleep, and what was changed would wait for the next landing, or a day.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.errors import ConfigError

if TYPE_CHECKING:
    from landfall.stack import Stack


@contextmanager
def changing(stack: "Stack") -> Iterator[None]:
    """Set the mark before a change, so that none is made that it cannot be set for, and after it.

    A plan that looked before the change was committed clears what was set before it, so the second time is what counts;
    whatever breaks the change may have committed it.

    Raises:
        ConfigError: the mark cannot be set; the message says what was done by then, and what to do. Where the change
            has failed too, its own error is raised, with this as its note.
    """
    try:
        stack.mark.set()
    except (ClientError, BotoCoreError) as error:
        raise ConfigError(f"nothing was changed: {_REASON}: {error}") from error
    try:
        yield
    except BaseException as failed:
        _set_after_failure(stack, failed)
        raise
    try:
        stack.mark.set()
    except (ClientError, BotoCoreError) as error:
        raise ConfigError(f"{_REASON}: {error}; the change is made; {_REMEDY}") from error


def _set_after_failure(stack: "Stack", failed: BaseException) -> None:
    """Set the mark for what the failed change may have committed; where it cannot be set, the failure bears a note."""
    try:
        stack.mark.set()
    except (ClientError, BotoCoreError) as error:
        failed.add_note(f"{_REASON}: {error}; whatever of the change is made, {_REMEDY}")


_REASON = "the transform cannot be told (dynamodb:UpdateItem on the lease's table)"
_REMEDY = "let it be modeled: landfall transform"
