"""Who came and went: each client's log-in, session and end, as STL_CONNECTION_LOG tells of them.

In: what a client said as it came, and what PostgreSQL answered. Out: lines for the history's file of connections.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_STL_CONNECTION_LOG.html
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_MICROSECONDS = 1_000_000


@dataclass(slots=True)
class Visitor:
    """A client as it came: address, names, TLS (None without), and what its driver says of itself (None: nothing)."""

    host: str
    port: int
    database: str
    user: str
    tls_version: str | None
    tls_cipher: str | None
    application: str | None
    driver: str | None
    system: str | None
    plugin: str | None
    protocol: int


def visitor(writer: asyncio.StreamWriter, asked: Mapping[str, str], protocol: int | None) -> Visitor:
    """Return who is at the other end of a connection, by its start message."""
    host, port = writer.get_extra_info("peername")[:2]
    secured = writer.get_extra_info("ssl_object")
    cipher = secured.cipher() if secured else None
    user = asked.get("user", "")
    return Visitor(
        host=host,
        port=port,
        database=asked.get("database") or user,
        user=user,
        tls_version=secured.version() if secured else None,
        tls_cipher=cipher[0] if cipher else None,
        application=asked.get("application_name"),
        driver=asked.get("driver_version"),
        system=asked.get("os_version"),
        plugin=asked.get("plugin_name"),
        protocol=protocol or 0,
    )


class Visit:
    """One client's connection; its events are told as they come."""

    def __init__(self, visitor: Visitor, note: Callable[[Mapping[str, object]], None]) -> None:
        """Begin with who it is, and what takes an event."""
        self.visitor = visitor
        self._note = note
        self._pid: int | None = None
        self._began = time.time()
        self._is_authenticated = False

    def authenticated(self) -> None:
        """Note that PostgreSQL has taken the password; in which process is not known yet."""
        self._is_authenticated = True

    def begins(self, pid: int) -> None:
        """Note that a session begins in a process."""
        self._pid = pid
        self._tell("authenticated")
        self._tell("initiating session")

    def refused(self) -> None:
        """Note an error: before a session, the password was wrong, or it was right and the database is not there."""
        if self._pid is None:
            self._tell("authenticated" if self._is_authenticated else "authentication failure")

    def leaves(self) -> None:
        """Note the end of a session."""
        if self._pid is not None:
            self._tell("disconnecting session", int((time.time() - self._began) * _MICROSECONDS))

    def _tell(self, event: str, duration: int = 0) -> None:
        line = {"event": event, "at": time.time(), "pid": self._pid, "duration": duration}
        self._note(line | {name: getattr(self.visitor, name) for name in Visitor.__slots__})
