"""`python -m local.redshift.server --home DIR`: the local Redshift in the foreground.

In: a home folder, where its data, logs and redshift.json live. Out: PostgreSQL, the wire front and the Data API
endpoint on 127.0.0.1, until SIGTERM or SIGINT, which end all three in order.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from threading import Thread

from local.redshift import postgres, warehouse
from local.redshift.errors import SetupError
from local.redshift.ports import HOST, free_port, last_ports

ISOLATION = {"snapshot": "repeatable read", "serializable": "serializable"}


@dataclass(frozen=True)
class Description:
    """What redshift.json tells about a running local Redshift."""

    host: str
    wire_port: int
    data_api_url: str
    postgres_port: int
    pid: int
    postgres_pid: int
    admin_user: str
    admin_password: str
    database: str


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; return the exit code."""
    parser = argparse.ArgumentParser(prog="local.redshift.server", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder for data, logs and redshift.json")
    parser.add_argument("--wire-port", type=int, default=0, help="0: the last one if free, else any free one")
    parser.add_argument("--data-port", type=int, default=0, help="0: the last one if free, else any free one")
    isolation = os.environ.get("LANDFALL_LOCAL_ISOLATION", "snapshot")
    parser.add_argument("--isolation", choices=sorted(ISOLATION), default=isolation)
    options = parser.parse_args(arguments)
    if options.isolation not in ISOLATION:
        parser.error(f"LANDFALL_LOCAL_ISOLATION is {isolation!r}: one of {', '.join(sorted(ISOLATION))}")
    try:
        return asyncio.run(serve(options.home.resolve(), options.wire_port, options.data_port, options.isolation))
    except SetupError as error:
        print(f"local redshift: {error}", file=sys.stderr, flush=True)
        return 1


async def serve(home: Path, wire_port: int, data_port: int, isolation: str) -> int:
    """Start everything under `home`, write redshift.json, wait for a signal, stop everything."""
    keep_buffers()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    logs, temporary = home / "logs", home / "tmp"
    for folder in (logs, temporary):
        folder.mkdir(parents=True, exist_ok=True)
    for leftover in temporary.iterdir():  # of a server that was killed in the middle of a read of S3
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    last = last_ports(home)
    # Beside PostgreSQL, which takes as long to start as the front to load.
    Thread(target=import_module, args=["local.redshift.front"]).start()
    server, secrets = warehouse.open_warehouse(home, free_port(last.get("postgres_port", 0)), ISOLATION[isolation])
    say(f"postgres ready on {HOST}:{server.port} (pid {server.process.pid})")
    try:
        from local.redshift.front import Front  # by now it is there

        front = Front(home, server, secrets, isolation)
        port = await front.listen(*([wire_port] if wire_port else [last.get("wire_port", 0), 0]))
        say(f"wire front ready on {HOST}:{port}, {front.answer}")
        data_api = front.serve_data_api(*([data_port] if data_port else [last.get("data_port", 0), 0]))
        say(f"data api ready on {data_api.url}")
        description = Description(
            HOST, port, data_api.url, server.port, os.getpid(), server.process.pid, warehouse.ADMIN, secrets.admin,
            warehouse.DATABASE,
        )  # fmt: skip
        write_description(home, description)
        ended = asyncio.create_task(postgres_ended(server))
        await asyncio.wait([asyncio.create_task(stop.wait()), ended], return_when=asyncio.FIRST_COMPLETED)
        failed = ended.done()
        ended.cancel()
        say("postgres ended by itself" if failed else "stopping")
        front.close()
        await asyncio.to_thread(server.stop)
        # Before the Data API, whose sessions are closed only when their statements have ended. And where PostgreSQL was
        # killed, what its sessions were doing goes on until nobody is there who asked for it.
        await end_conversations()
        await asyncio.to_thread(data_api.stop)
    finally:
        server.stop()
        (home / "redshift.json").unlink(missing_ok=True)
        say("stopped")
    return 1 if failed else 0


def keep_buffers() -> None:
    """Have malloc keep the 256 KiB into which asyncio receives each message, however short it turns out to be.

    glibc maps and unmaps what is above a threshold of 128 KiB, which it raises to the size of a block that was mapped
    and freed; a buffer that was cut to its message in between does not count. Whatever loads large modules frees such a
    block by the way, this process does not. Without it a statement costs 40 us more.
    Source: https://man7.org/linux/man-pages/man3/mallopt.3.html (M_MMAP_THRESHOLD)
    """
    bytearray(1024 * 1024)


async def end_conversations() -> None:
    """End what else runs in this loop, and with it the connections of clients and those to PostgreSQL."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def postgres_ended(server: postgres.Server) -> None:
    """Return when the PostgreSQL process is gone."""
    while server.process.poll() is None:
        await asyncio.sleep(0.2)


def write_description(home: Path, description: Description) -> None:
    """Write redshift.json, readable by its owner alone (it holds a password), and the ports to ask for next time."""
    path, draft = home / "redshift.json", home / "redshift.json.draft"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(description), indent=2) + "\n")
    draft.rename(path)
    ports = {
        "wire_port": description.wire_port,
        "postgres_port": description.postgres_port,
        "data_port": int(description.data_api_url.rsplit(":", 1)[1]),
    }
    (home / "ports.json").write_text(json.dumps(ports) + "\n")


def say(text: str) -> None:
    """Print one line about the life of the server."""
    print(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} redshift: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
