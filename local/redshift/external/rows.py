"""The rows of external tables in a session: brought into temporary tables before a statement that reads them runs.

In: what a statement wants. Out: temporary tables, which are dropped when it has run. Every statement reads the catalog
and S3 anew, one that was prepared whenever it runs. A query of external tables needs the right to make temporary tables
on Redshift too (https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-external-tables.html).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from local.redshift import messages
from local.redshift.conversation import TIMEOUT
from local.redshift.errors import INTERNAL_ERROR, RedshiftError, translate
from local.redshift.external.bring import Found, Reader, Wanted, find
from local.redshift.external.catalog import ExternalSchema
from local.redshift.messages import Message
from local.redshift.sql import tree
from local.redshift.translation import Translation

NO_SUCH = b"rs_failed\0"  # a portal and a statement that there never is
_NO_STATEMENT = "rs_failed"  # a syntax error
_PLACE = "rs_external"  # a savepoint
_P = ParamSpec("_P")
_T = TypeVar("_T")


async def in_thread(function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Return what a function returns that asks the catalog or S3.

    Raises:
        RedshiftError: it fails, in whatever way: a client must get an answer.
    """
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    except RedshiftError:
        raise
    except Exception as error:
        raise RedshiftError(f"external table: {type(error).__name__}: {error}", INTERNAL_ERROR) from error


@dataclass
class ExternalRows(Translation):
    """A conversation that reads external tables."""

    _wants: list[Wanted] = field(default_factory=list)  # of the statement at hand
    _kept: dict[bytes, list[Wanted]] = field(default_factory=dict)  # by prepared statement
    _fresh: bytes | None = None  # the prepared statement whose rows have just been read
    _temporary: list[str] = field(default_factory=list)  # tables made outside of a block, until the statement has run
    _has_run: bool = False
    _counted: int = 0
    _mark: str = field(default_factory=lambda: secrets.token_hex(8))  # no table of a user's has it (50_tables.sql)
    _is_external: bool = False  # the statement at hand reads external tables, or is a command of theirs

    def _wanted(
        self, name: tree.Name, schemas: tuple[ExternalSchema, ...], trees: tuple[tree.Statement, ...]
    ) -> Wanted:
        self._counted += 1
        return Wanted(name, schemas, trees, f"rs_external_{self._mark}_{self._counted}")

    async def _bring(self, wanted: list[Wanted], *, is_empty: bool = False) -> list[Found]:
        """Put what is wanted into temporary tables; return what was found.

        Raises:
            RedshiftError: the catalog, S3 or a file does not give it.
        """
        reader, folder = Reader(), self.settings.temporary_folder
        told = await self._ask(f"select {TIMEOUT}") if wanted else []
        seconds = float(told[0][0] or 0) if told else 0
        with self.settings.running.until_canceled(self._key, reader.stop, seconds):
            try:
                found = [
                    each
                    for one in wanted
                    if (each := await self._unless_gone(in_thread(find, one, reader))) is not None
                ]
                for each in found:
                    await self._store(each, iter(()) if is_empty else each.chunks(folder, reader))
                    for text in each.left_out:
                        self.client.write(messages.warning(text))
            except asyncio.IncompleteReadError:  # the client has left
                reader.stop.set()
                raise
        return found

    async def _store(self, found: Found, chunks: Iterator[bytes]) -> None:
        in_block = self._status == b"T"
        before, after = (f"savepoint {_PLACE}; ", f"; release savepoint {_PLACE}") if in_block else ("", "")
        stored = f'pg_temp."{found.wanted.stored}"'
        error = await self._feed(
            f"{before}drop table if exists {stored}; {found.creation}{' on commit drop' * in_block}; "
            f"copy {stored} from stdin (format csv, encoding 'UTF8'){after}",
            chunks,
        )
        if error and in_block:
            await self._try(f"rollback to savepoint {_PLACE}; release savepoint {_PLACE}")
        if error:
            raise error
        if not in_block:
            self._temporary.append(stored)

    async def _feed(self, sql: str, chunks: Iterator[bytes]) -> RedshiftError | None:
        """Run SQL of the front's own that ends with COPY FROM STDIN; return what fails."""
        await self._wait_to_ask()
        self._answers = asyncio.Queue()
        self.server.write(messages.query(sql))
        await self.server.flush()
        failed: RedshiftError | None = None
        while (answer := await self._answers.get()).kind != b"Z":
            if answer.kind == b"G":
                failed = await self._send_rows(chunks)
            elif answer.kind == b"E" and failed is None:
                told = translate(messages.error_fields(answer.body))
                failed = RedshiftError(told.get("M", ""), told["C"], told.get("D", ""))
        self._status = answer.body
        self._answers = None
        return failed

    async def _send_rows(self, chunks: Iterator[bytes]) -> RedshiftError | None:
        try:
            while (chunk := await self._unless_gone(in_thread(next, chunks, None))) is not None:
                self.server.write(Message(b"d", chunk))
                await self.server.flush()
        except RedshiftError as error:
            failed = error
        else:
            self.server.write(Message(b"c", b""))
            await self.server.flush()
            return None
        self.server.write(Message(b"f", b"read failed\0"))
        await self.server.flush()
        return failed

    def _forget_external(self) -> None:
        """Begin with the next statement."""
        self._wants, self._is_external, self._fresh = [], False, None

    def _unprepared(self, error: RedshiftError) -> str:
        """Return what fails to be prepared, with an error that another time may not come.

        Drivers keep what could be prepared, and would hear of the same error ever after.
        """
        self._load_error = error.fields()
        return _NO_STATEMENT

    async def _bring_anew(self, statement: bytes, message: Message) -> Message:
        """Read again what a prepared statement reads, unless it was just parsed; return the Bind, or one that fails."""
        wanted = self._kept.get(statement)
        is_fresh, self._fresh = self._fresh == statement, None
        if wanted is None or is_fresh:
            return message
        try:
            await self._wait_to_ask()
            if self._status != b"E":
                await self._bring(wanted)
        except RedshiftError as error:
            self._load_error = error.fields()
            return Message(b"B", b"\0" + NO_SUCH + b"\0" * 6)
        return message

    async def _drop_brought(self, message: Message) -> Message:
        """Drop the temporary tables of a statement that has run; return the server's last message.

        What was read in a transaction, or before it, is not there in another.
        """
        if message.body != self._status:
            self._fresh = None
        if self._pending > 1:  # the client has sent more: what answers that would be taken for the answer to this
            return message
        if self._temporary and self._has_run and message.body == b"I":
            tables, self._temporary, self._fresh = self._temporary, [], None
            message = await self._run_unseen(f"drop table if exists {', '.join(tables)}")
        self._has_run = self._has_run and message.body != b"I"
        return message
