"""What ends a read of S3 in the middle.

In: a cancel, from whichever thread. Out: an error where the read asks whether to go on.
"""

from __future__ import annotations

import threading

from local.redshift.errors import RedshiftError

CANCELED = "57014"


class Stop:
    """Ends what reads S3 for a statement, in whichever thread, when the statement is canceled.

    A part of the statement has its own, which ends with the statement's (`whole`).
    """

    def __init__(self, whole: Stop | None = None) -> None:
        self._is_set = threading.Event()
        self._reason = "user request"
        self._whole = whole

    def set(self, reason: str = "user request") -> None:
        """Let what reads end at its next chunk or object."""
        self._reason = reason
        self._is_set.set()

    def hold(self) -> None:
        """Go on, unless it is to end.

        Raises:
            RedshiftError: it is, in the words of PostgreSQL's own cancellation.
        """
        if self._is_set.is_set():
            raise RedshiftError(f"canceling statement due to {self._reason}", CANCELED)
        if self._whole:
            self._whole.hold()
