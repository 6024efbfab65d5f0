"""Ports of the local Redshift: those of the last run if they are free, else any."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from local.redshift.errors import SetupError

HOST = "127.0.0.1"


def last_ports(home: Path) -> dict[str, int]:
    """Return the ports of the last run, so that this one can have them again."""
    try:
        ports: dict[str, int] = json.loads((home / "ports.json").read_text())
    except (OSError, ValueError):
        return {}
    return ports


def listen(*wanted: int) -> socket.socket:
    """Return a socket that listens on the first of these ports that is free; 0 is any.

    It listens from here on: a port that was only looked at could be somebody else's when it is used.

    Raises:
        SetupError: none of them is free.
    """
    for port in wanted:
        listening = socket.socket()
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((HOST, port))
            listening.listen(128)
        except OSError:
            listening.close()
            continue
        return listening
    raise SetupError(f"port {', '.join(map(str, wanted))} of {HOST} is not free")


def free_port(wanted: int) -> int:
    """Return `wanted` if nothing listens there, else a free port; for who opens it himself, and may find it taken."""
    with listen(wanted, 0) as listening:
        return int(listening.getsockname()[1])
