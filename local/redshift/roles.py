"""The roles that a statement acts as.

In: ARNs. Out: their credentials (s3_clients.py), assumed when the first of what they may do is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.redshift.s3_clients import RoleSession


class Roles:
    """The roles that one statement acts as: each is assumed once."""

    def __init__(self) -> None:
        self._sessions: dict[str, RoleSession] = {}

    def session(self, role: str) -> RoleSession:
        """Return a role's credentials.

        Raises:
            RedshiftError: it cannot be assumed.
        """
        from local.redshift.s3_clients import RoleSession  # here: botocore takes longer to load than a session to begin

        if role not in self._sessions:
            self._sessions[role] = RoleSession(role)
        return self._sessions[role]
