"""Whether a session's quoted names keep their case (name_case.py), told for each statement before its message runs.

In: the statements of a message. Out: each with its names as it means them, and the setting that it will run under.
PostgreSQL is asked for the setting as it is ahead of the message; what a statement changes is noted when it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from local.redshift.conversation import Known
from local.redshift.errors import RedshiftError
from local.redshift.name_case import (
    SETTING,
    SHOWN,
    Change,
    case_change,
    ends_transaction,
    rolls_back,
    set_case,
    with_folded_names,
)
from local.redshift.names import true_name
from local.redshift.settings import is_on
from local.redshift.sql.translate import UNIT
from local.redshift.writing import Writing


@dataclass(frozen=True)
class Named:
    """A statement whose quoted names are as it means them, as the client sent it, and the setting ahead of it.

    `keeps_case`: None: what it is ahead of the message. `is_told`: False: that is not known before the message has run.
    """

    text: str
    sent: str
    keeps_case: bool | None = None
    is_told: bool = True


class Naming(Writing):
    """A conversation that knows what quoted names mean."""

    _keeps_case: bool | None = None  # ahead of the next message; None: to be asked
    _case_changes: frozenset[Change] = frozenset()  # of the transaction at hand, whose end may take them back

    async def _named(self, statements: Sequence[str]) -> list[Named]:
        """Return the statements of a message with their quoted names as the session means them (name_case.py).

        Raises:
            RedshiftError: what the setting will be is not known before the message has run.
        """
        named: list[Named] = []
        keeps, is_told, changes = None, True, self._case_changes
        for sent in statements:
            statement = Named(sent, sent, keeps, is_told)
            if (by_default := with_folded_names(sent)) is not None and not await self._keeps(statement):
                statement = Named(by_default, sent, keeps, is_told)
            named.append(statement)
            if len(statements) == 1:
                break
            if change := case_change(sent):
                keeps, changes = set_case(sent), changes | {change}
                is_told = keeps is not None
            elif ends_transaction(sent) and self._takes_back(sent, changes):
                keeps, is_told = None, False
        return named

    def _takes_back(self, statement: str, changes: frozenset[Change]) -> bool:
        """Tell whether the end of a transaction leaves the setting at what is not known ahead of it."""
        if self._status == b"E":
            return bool(changes) or self._keeps_case is None  # it cannot be asked
        return bool(changes) if rolls_back(statement) else "local" in changes

    async def _keeps(self, statement: Named) -> bool:
        """Return whether quoted names keep their case in a statement of the message at hand.

        Raises:
            RedshiftError: that is not known before the message has run.
        """
        if not statement.is_told:
            raise RedshiftError(
                "what names with capital letters in double quotes must be sent in a message of its own behind what may "
                f"change {SETTING} back"
            )
        return await self._asked_case() if statement.keeps_case is None else statement.keeps_case

    async def _asked_case(self) -> bool:
        """Return whether quoted names keep their case ahead of the message at hand, asked if it is not known."""
        if self._keeps_case is None:
            shown = await self._ask(SHOWN)
            if not shown:
                return False  # a transaction that has failed, and the statement with it
            self._keeps_case = is_on(shown[0][0] or "")
        return self._keeps_case

    def _note_case(self, statement: str) -> None:
        """Note what a statement that is sent to run changes."""
        if change := case_change(statement):
            self._keeps_case = None
            self._case_changes |= {change}

    def _note_case_settled(self) -> None:
        """Note that no transaction is open: what the last one changed may have gone back."""
        if self._case_changes:
            self._keeps_case = None
        if not self._pending:  # else a message that is under way may have changed it
            self._case_changes = frozenset()

    async def _hold_case(self, statement: Named, known: Known) -> None:
        """Refuse to read a late-binding view whose quoted names would not mean what they meant when it was made.

        Of attributes of SUPER the page says that such views follow their reader's setting; of names none says a word
        (https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_super_attribute.html).

        Raises:
            RedshiftError: the setting that the statement runs under is another one, or is not known.
        """
        if not known.case:
            return
        keeps = await self._keeps(statement)
        for name, kept in known.case.items():
            if kept != keeps:
                raise RedshiftError(
                    f'the late-binding view "{true_name(name.split(UNIT)[-1])}" has names with capital letters in '
                    f"double quotes, and was made with {SETTING} {'on' if kept else 'off'}: read it so, or make it anew"
                )
