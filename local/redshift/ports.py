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


def free_port(wanted: int) -> int:
    """Return `wanted` if nothing listens there, else a free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SetupError("no free port on 127.0.0.1")
