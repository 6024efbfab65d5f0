"""What PostgreSQL's answers tell: the history what ran, the client of columns and rows, the log-in what is asked.

In: answers. Out: what is told of them.
"""

from __future__ import annotations

from local.redshift import messages
from local.redshift.bulk import Bulk
from local.redshift.errors import RedshiftError
from local.redshift.login import AUTHENTICATED, SASL, SASL_CONTINUE, Login, request_code
from local.redshift.messages import Message
from local.redshift.row_description import BINARY, Field, shown
from local.redshift.spelling import spellings, spelt_in, spelt_row

_APPLICATION = b"application_name\0"


class Answers(Bulk):
    """A conversation whose answers are told."""

    def _record(self, message: Message) -> None:
        match message.kind:
            case b"D":
                self.recorder.bytes += len(message.body)
            case b"C" | b"I" if not self._unload and not self._late_error:
                self.recorder.completed(message.body)
            case b"1":
                self.recorder.parsed()
            case b"s":
                self.recorder.suspended()
            case b"K":
                self.recorder.origin.pid = messages.backend_pid(message.body)
                self.recorder.visit.begins(self.recorder.origin.pid)
            case b"R" if request_code(message) == AUTHENTICATED:
                self.recorder.visit.authenticated()
            case b"E":
                self.recorder.visit.refused()
            case b"S" if message.body.startswith(_APPLICATION):
                self.recorder.visit.visitor.application = message.body[len(_APPLICATION) : -1].decode()

    def _describe(self, columns: list[Field]) -> Message:
        """Tell of the columns, and remember how their values are to be spelt."""
        protocol = self.protocol or 0
        spelt = self._spellings[self._described] = spellings(columns, protocol >= BINARY)
        self._changes = spelt_in(spelt, [column.format for column in columns])
        return Message(b"T", shown(columns, protocol, self.recorder.origin.database, self._relations))

    def _respelt(self, message: Message) -> Message | None:
        """Return a row as the client reads it; where Redshift has no such value, the statement will fail."""
        try:
            return None if self._late_error else Message(b"D", spelt_row(message.body, self._changes))
        except RedshiftError as error:
            self._late_error = error
            self.recorder.failed(error.fields())
            return None

    async def _log_in(self, request: int, message: Message) -> Message | None:
        """Ask for the password of a SHA-256 hash as Redshift does; PostgreSQL asks for SCRAM, which ends unseen."""
        if request == SASL:
            in_clear = self.is_data_api  # a client of libpq, which knows no digests
            self._login = Login(self.recorder.origin.user, self.settings.login_key, in_clear=in_clear)
            await self._to_server(self._login.begin())
        return self._login.ask(message) if self._login and request == SASL_CONTINUE else None
