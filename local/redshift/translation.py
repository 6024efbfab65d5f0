"""A session's statements on their way to PostgreSQL: what their names mean is asked, then they are rewritten.

In: statements as a client sends them. Out: statements for PostgreSQL, or a RedshiftError. What the catalog said is kept
until any session has sent a statement that may change it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from local.redshift.calls import asks_for_places, with_out_arguments
from local.redshift.conversation import Known
from local.redshift.copy_statement import parse_copy
from local.redshift.cursors import open_behind
from local.redshift.errors import RedshiftError
from local.redshift.masking import code_of, quote_literal
from local.redshift.names import NAMES, true_name
from local.redshift.naming import Named, Naming
from local.redshift.passwords import keep_hash
from local.redshift.recorder import Sent
from local.redshift.rewrite import needs_of, rewrite
from local.redshift.row_description import Described
from local.redshift.sql.scope import quote_path
from local.redshift.sql.translate import NAMING, RECORD, UNIT, Answer, Needs
from local.redshift.table_locks import PRIVILEGES, claim_of, takes_snapshot
from local.redshift.unload_statement import parse_unload

_BEGINS = re.compile(r"\s*(?:begin|start)\b", re.IGNORECASE)
_BINDS = re.compile(r"\s*(?:create\s+(?:or\s+replace\s+)?view|alter\s+(?:table|view)\s.*\srename)\b", re.I | re.DOTALL)
# What changes rows alone, and what changes nothing for other sessions.
_ROWS_ONLY = re.compile(r"\s*\(*\s*(?:select|with|insert|update|delete|merge)\b", re.IGNORECASE)
_OWN_ONLY = re.compile(r"\s*(?:begin|start|commit|end|rollback|abort|set|reset|show|lock|analyze|fetch|close)\b", re.I)
_CALLS = re.compile(r"call\b", re.IGNORECASE)
_MOST_SHARED = 10_000  # answers, of one state of the catalog
_NOTHING = Known(0, (), {})


class Translation(Naming):
    """A conversation whose statements are rewritten."""

    _view_source = ""  # the query of the late-binding view over external tables that the statement at hand makes

    _cursor: str = ""  # that is open behind what has been sent

    async def _rewrite(self, named: Named, parameters: Answer = ()) -> tuple[str, Sent]:
        """Return a statement for PostgreSQL, and for the history; of its parameters it is told what is known."""
        statement = named.text
        if parse_copy(statement):
            raise RedshiftError("COPY must be sent as a statement of its own")
        if parse_unload(statement):
            raise RedshiftError("UNLOAD must be sent as a statement of its own")
        if self._pending:
            await self._idle.wait()  # the status of the transaction is known then
        await self._queue_to_bind(statement)
        needed = needs_of(statement)
        claim = claim_of(statement, needed)
        if claim and not self._is_known(needed):
            await self._claim_first(claim)
        known = await self._answer(needed) if needed else _NOTHING
        await self._hold_case(named, known)
        as_sent = "" if named.sent == statement else named.sent
        rewritten = rewrite(statement, self._status != b"I", (*known.answer, *parameters), self._view_source, as_sent)
        rewritten = keep_hash(rewritten, self.settings.login_key)
        if self._status != b"E" and _CALLS.match(code_of(statement)):
            rewritten = await self._with_out_arguments(rewritten)
        if not _ROWS_ONLY.match(rewritten):
            self._known.clear()
            self._has_changed = self._has_changed or not _OWN_ONLY.match(rewritten)
            self._count_change()
            self._claimed.clear()  # names may mean other tables
        self._has_snapshot = self._has_snapshot or (self._status == b"T" and takes_snapshot(statement))
        sent = _as_sent(named.sent, needed, known)
        sent.claim = claim if known.can_lock else None
        return rewritten, sent

    def _note_runs(self, statements: Sequence[str]) -> None:
        """Note what statements change in the session that are about to be sent to run, perhaps not for the first time.

        Raises:
            RedshiftError: they would open a second cursor.
        """
        self._cursor = self._cursor_behind(statements)
        for statement in statements:
            if not _ROWS_ONLY.match(statement):
                self._note_case(statement)

    def _cursor_behind(self, statements: Sequence[str]) -> str:
        """Return the cursor that is open behind statements: what a transaction opened that has failed is closed.

        Raises:
            RedshiftError: they would open a second one.
        """
        others = (statement for statement in statements if not _ROWS_ONLY.match(statement))
        return open_behind("" if self._status == b"E" else self._cursor, others)

    def _note_no_transaction(self) -> None:
        """Note that no transaction is open."""
        self._note_case_settled()
        if not self._pending:  # else a message that is under way may have opened one
            self._cursor = ""

    async def _with_out_arguments(self, rewritten: str) -> str:
        """Return a CALL with its OUT arguments."""
        asked = asks_for_places(rewritten)
        found = await self._ask(asked) if asked else []
        places = [int(place) for place in (found[0][0] or "").split(",") if place] if found else []
        return with_out_arguments(rewritten, places) if places else rewritten

    def _count_change(self) -> None:
        """Count a change of the catalog when it is sent and when it is done: others may ask in between."""
        if self._has_changed:
            self.settings.epoch.count()

    async def _answer(self, needed: Needs) -> Known:
        """Return what names mean: as the catalog said before, if nothing has changed it since, else as it says now."""
        if not self._is_known(needed):
            self._known[needed] = await self._from_anyone(needed)
            if self.protocol:
                self._relations |= self._known[needed].relations
        return self._known[needed]

    async def _from_anyone(self, needed: Needs) -> Known:
        """Return what the catalog says, or has said to any session: its answer costs a new session some milliseconds.

        It is the same for all where each name has its schema's, no right is asked for, and the session sees the catalog
        as it is, without changes of its own.
        """
        shared = self.settings.epoch.shared
        key = self.recorder.origin.database, needed
        is_shared = (
            (self._status == b"I" or (self._status == b"T" and not self._has_snapshot))
            and not self._has_changed
            and not needed.target
            and all(len(name) > 1 for name in needed.relations)
        )
        if is_shared and key in shared:
            return shared[key]
        number = self.settings.epoch.number
        known = await self._asked(needed, number)
        if is_shared and number == self.settings.epoch.number and len(shared) < _MOST_SHARED:
            shared[key] = known
        return known

    def _is_known(self, needed: Needs | None) -> bool:
        return needed in self._known and self._known[needed].epoch == self.settings.epoch.number

    async def _asked(self, needed: Needs, epoch: int) -> Known:
        """Ask the catalog what names mean; a transaction that has failed is asked nothing."""
        if self._status == b"E":
            return _NOTHING
        rows: list[tuple[str, str, str]] = []
        ids: dict[str, int] = {}
        can_lock = False
        relations: dict[int, Described] = {}
        case: dict[str, bool] = {}
        # As an array: PostgreSQL passes a function no more than 100 arguments.
        if needed.relations:
            names = ", ".join(quote_literal(UNIT.join(name)) for name in needed.relations)
            asked = f"select * from pg_catalog.rs_relations(variadic array[{names}])"  # noqa: S608 - quoted
            if needed.target:
                asked += f"; {_may_lock(quote_path(needed.target[-2:]))}"
            answered = await self._ask(asked)
            found = [row for row in answered if len(row) > 1]
            relations = _described(found)
            can_lock = ["t"] in answered
            whose = {"t": NAMING} if NAMES else {}
            rows += [
                (name or "", whose.get(kind or "", kind or ""), columns or "") for name, kind, columns, *_ in found
            ]
            ids = {name or "": int(number or 0) for name, _, _, number, *_ in found}
            case = {name or "": kept == "t" for name, *_, kept in found if kept}
        if needed.functions:
            names = ", ".join(map(quote_literal, needed.functions))
            found = await self._ask(f"select * from pg_catalog.rs_functions(variadic array[{names}])")  # noqa: S608 - quoted
            rows += [(name or "", "function", type_ or "") for name, type_ in found]
        return Known(epoch, tuple(rows), ids, can_lock, relations, case)

    async def _queue_to_bind(self, statement: str) -> None:
        """Let transactions that begin by making or renaming views run one after the other.

        Each binds late-binding views anew here, which on Redshift it does not, and two that bind one view would
        conflict. They wait before their first statement, while they hold no lock and have no snapshot.
        """
        code = code_of(statement)
        is_first = self._status == b"I" or self._has_just_begun
        self._has_just_begun = bool(_BEGINS.match(code))
        if is_first and _BINDS.match(code) and not self._is_binding:
            await self.settings.binding.acquire()
            self._is_binding = True

    def _end_binding(self) -> None:
        if self._is_binding:
            self._is_binding = False
            self.settings.binding.release()


def _described(found: Sequence[Sequence[str | None]]) -> dict[int, Described]:
    """Return the relations of rs_relations' rows by their OIDs."""
    relations = {}
    for name, _, columns, number, schema, _ in found:
        parts = [(column.split(UNIT) + [""] * 2) for column in (columns or "").split(RECORD)]
        kept = tuple((true_name(column), flags) for column, _, flags, *_ in parts)
        relations[int(number or 0)] = Described(schema or "", true_name((name or "").split(UNIT)[-1]), kept)
    return relations


def _may_lock(table: str) -> str:
    regclass = f"pg_catalog.to_regclass({quote_literal(table)})"
    return f"select pg_catalog.has_table_privilege({regclass}, '{PRIVILEGES}')"


def _as_sent(statement: str, needed: Needs | None, known: Known) -> Sent:
    target = known.ids.get(UNIT.join(needed.target)) if needed else None
    return Sent(statement, tuple(number for number in known.ids.values() if number != target), target)
