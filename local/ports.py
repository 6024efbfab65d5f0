"""TCP ports of the local stack on 127.0.0.1: free when chosen, and the same again at the next start."""

import secrets
import socket
import time
from collections.abc import Collection

HOST = "127.0.0.1"
# Below the ranges from which systems take ports for outgoing connections (32768 on Linux, 49152 elsewhere), so that
# nobody's connection sits on a stopped stack's port when the stack starts again.
_FIRST, _LAST = 15000, 29999


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
    return True


def becomes_free(port: int, seconds: float) -> bool:
    """Tell whether the port is free, or becomes so within the time: killed processes take a moment to let go."""
    deadline = time.monotonic() + seconds
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def choose_ports(count: int, but: Collection[int] = ()) -> list[int]:
    """Return `count` different free ports, none of those that are another's although nothing listens there."""
    ports: set[int] = set()
    while len(ports) < count:
        port = _FIRST + secrets.randbelow(_LAST - _FIRST + 1)
        if port not in but and is_free(port):
            ports.add(port)
    return sorted(ports)


def is_answering(port: int) -> bool:
    """Tell whether something accepts connections on the port."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((HOST, port)) == 0
