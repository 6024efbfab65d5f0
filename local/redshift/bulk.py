"""COPY and UNLOAD in a session: rows between PostgreSQL and S3, of which the client sees none.

In: statements that were parsed. Out: what PostgreSQL is told in their place, and its rows, carried.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from local.redshift import messages
from local.redshift.conversation import TIMEOUT, Load, raising
from local.redshift.copy_statement import CopyStatement
from local.redshift.errors import INTERNAL_ERROR, RedshiftError
from local.redshift.external.session import ExternalTables
from local.redshift.history import LoadReport
from local.redshift.masking import quote_literal
from local.redshift.messages import Message
from local.redshift.names import true_name
from local.redshift.naming import Named
from local.redshift.parquet_types import TargetColumn
from local.redshift.read_ahead import ReadAhead
from local.redshift.recorder import Sent
from local.redshift.row_description import fields
from local.redshift.sql.scope import quote
from local.redshift.sql.translate import needs, translate_unloaded
from local.redshift.stop import Stop
from local.redshift.table_locks import PRIVILEGES, Claim
from local.redshift.unload import Unload
from local.redshift.unload_column import UnloadColumn
from local.redshift.unload_statement import UnloadStatement

_TABLE_COLUMNS = (
    "select a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attrelid,"
    " pg_catalog.has_table_privilege(a.attrelid, '{privileges}'), {timeout}"
    " from pg_catalog.pg_attribute a"
    " where a.attrelid = pg_catalog.to_regclass({table}) and a.attnum > 0 and not a.attisdropped order by a.attnum"
)
# What a FLOAT shows as text (`extra_float_digits`) is the session's; what is unloaded is the FLOAT.
_WITH_ALL_DIGITS = (
    "select unloaded.* from (\n{query}\n) as unloaded cross join (select"
    " pg_catalog.set_config('redshift.float_digits', pg_catalog.current_setting('extra_float_digits'), true),"
    " pg_catalog.set_config('extra_float_digits', '1', true)) as shown"
)
_AS_BEFORE = (
    "select pg_catalog.set_config('extra_float_digits', digits, true)"
    " from pg_catalog.current_setting('redshift.float_digits', true) as known (digits) where digits <> ''"
)


@dataclass
class Bulk(ExternalTables):
    """A conversation that loads and unloads."""

    _has_all_digits: bool = False  # an UNLOAD has run, which unloads all digits of a FLOAT

    async def _plan(self, copy: CopyStatement) -> Load:
        if self._unsynced:  # answers are under way that the front would take for its own
            raise RedshiftError("COPY cannot be pipelined behind messages without a Sync")
        if self._pending:
            await self._idle.wait()  # the status of the transaction is known then
        claim = Claim(copy.table, appends=True)
        await self._claim_first(claim)
        self._has_snapshot = self._status == b"T"
        asked = _TABLE_COLUMNS.format(table=quote_literal(copy.table), privileges=PRIVILEGES, timeout=TIMEOUT)
        rows = await self._ask(asked)
        targets = [
            TargetColumn(true_name(name or ""), kind or "", required == "t") for name, kind, required, *_ in rows
        ]
        if copy.columns:
            by_name = {target.name: target for target in targets}
            targets = [by_name[name] for name in map(true_name, copy.columns) if name in by_name]
        can_lock = bool(rows) and rows[0][4] == "t"
        seconds = float(rows[0][5] or 0) if rows else 0
        return Load(copy, targets, int(rows[0][3] or 0) if rows else None, (claim,) if can_lock else (), seconds)

    async def _run_load(self, load: Load, trigger: Message, sql: str, portal: bytes = b"") -> None:
        """Send what starts COPY FROM STDIN, then feed it; the client's next message waits until the rows are sent."""
        report = LoadReport(load.statement.table, load.statement.source, load.statement.format)
        self.recorder.runs(Sent(sql, (), load.table_id, report), portal)
        await self._lock(load.claims)
        self._load_error = None
        self._copy_in = started = asyncio.get_running_loop().create_future()
        await self._to_server(trigger)
        await self.server.flush()
        if not await self._unless_gone(started):
            return
        stop = Stop()
        chunks = _chunks(load, self.settings.temporary_folder, report, stop)
        ahead = ReadAhead(chunks, stop)
        try:
            with self.settings.running.until_canceled(self._key, stop, load.seconds):
                while (
                    chunk := await ahead.next()
                ) is not None and self._copy_in is started:  # PostgreSQL may refuse a row
                    self.server.write(Message(b"d", chunk))
                    await self.server.flush()
            end = Message(b"c", b"")
        except RedshiftError as error:
            self._load_error = error.fields()
            if error.fault:
                self.recorder.load_failed(error.fault)
            end = Message(b"f", b"load failed\0")
        except Exception as error:  # a client must get an answer, whatever a file does to its reader
            self._load_error = RedshiftError(f"COPY failed: {type(error).__name__}: {error}", INTERNAL_ERROR).fields()
            end = Message(b"f", b"load failed\0")
        finally:
            ahead.end()
        self.server.write(end)
        await self.server.flush()

    async def _unloaded(self, unload: UnloadStatement, sql: str) -> tuple[str, Sent]:
        """Return what brings the rows of an UNLOAD, of which the client sees none; and the UNLOAD for the history."""
        if self._pending:
            await self._idle.wait()
        self._reads(unload.query, sql)
        known = await self._answer(needs(unload.query))
        await self._hold_case(Named(sql, sql), known)
        query = _WITH_ALL_DIGITS.format(query=translate_unloaded(unload.query, known.answer))
        return query, Sent(sql, tuple(known.ids.values()))

    async def _show_digits_again(self, message: Message) -> Message:
        """Let the rest of a transaction in which there was an UNLOAD show FLOATs as the session does."""
        if self._has_all_digits and message.body == b"T":
            message = await self._run_unseen(_AS_BEFORE)
        self._has_all_digits = False
        return message

    async def _finish_unload(self, unload: Unload) -> Message | None:
        """Write the rows to S3 and tell the client; an error is told when the transaction can be made to fail."""
        self._has_all_digits = True
        if unload is self._unload:
            self._unload = None
        try:
            await asyncio.to_thread(unload.finish)
        except RedshiftError as error:
            self._late_error = error
        except Exception as error:  # a client must get an answer, whatever a value does to its writer
            self._late_error = RedshiftError(f"UNLOAD failed: {type(error).__name__}: {error}", INTERNAL_ERROR)
        if self._late_error:
            self.recorder.failed(self._late_error.fields())
            return None
        self.recorder.completed(b"UNLOAD %d" % len(unload.rows))
        return Message(b"C", b"UNLOAD\0")

    async def _fail_unload(self, error: RedshiftError, message: Message) -> Message:
        """Let the transaction in which an UNLOAD has failed fail; return the server's last message."""
        self._late_error = None
        if message.body == b"T":
            self.server.write(messages.query(raising(error)))
            await self.server.flush()
            while message.kind != b"Z" or message.body == b"T":
                message = await self.server.read()
        self._note(error.fields())
        self.client.write(messages.error_response(error.fields()))
        return message


def _chunks(load: Load, folder: Path, report: LoadReport, stop: Stop) -> Generator[bytes]:
    # here, in the thread that reads: pyarrow and botocore take longer to load than a session to begin
    from local.redshift.load import load_chunks

    yield from load_chunks(load.statement, load.targets, folder, report, stop)


def copy_from_stdin(copy: CopyStatement) -> str:
    """Return the COPY that takes the rows from the front."""
    columns = ", ".join(quote(name) for name in copy.columns)
    form = "csv" if copy.text else "binary"
    return f"copy {copy.table}{f' ({columns})' if columns else ''} from stdin (format {form}, encoding 'UTF8')"


def described(description: Message) -> list[UnloadColumn]:
    """Return the columns that a RowDescription tells of."""
    return [UnloadColumn(field.name.decode(), field.oid, field.modifier) for field in fields(description.body)]
