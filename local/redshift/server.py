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
import socket
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from secrets import token_hex

from local.redshift import connection, history, postgres, shapes, tls, warehouse
from local.redshift.conversation import FrontSettings
from local.redshift.data_api import DataApi
from local.redshift.errors import SetupError
from local.redshift.external.seen import EXTERNAL_NAMES
from local.redshift.history import History
from local.redshift.names import NAMES

HOST = "127.0.0.1"
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
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    logs, temporary = home / "logs", home / "tmp"
    for folder in (logs, temporary):
        folder.mkdir(parents=True, exist_ok=True)
    for leftover in temporary.iterdir():  # of a server that was killed in the middle of a read of S3
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    last = last_ports(home)
    server, secrets = warehouse.open_warehouse(home, free_port(last.get("postgres_port", 0)), ISOLATION[isolation])
    say(f"postgres ready on {HOST}:{server.port} (pid {server.process.pid})")
    try:
        NAMES.keep_in(home / "data")
        EXTERNAL_NAMES.keep_in(home / "data")
        token = token_hex()
        seen = History(home / "data" / history.FOLDER, shapes.of_environment(os.environ, home))
        try:
            context, answer = tls.server_context(home), "with TLS"
        except tls.NoCertificateError as error:  # no reason not to start: the product itself asks for no TLS
            context, answer = None, f"without TLS ({error})"
        settings = FrontSettings(
            server.port,
            temporary,
            isolation,
            logs / "errors.jsonl",
            seen,
            secrets.login_key(),
            token,
            context,
        )
        port = wire_port or free_port(last.get("wire_port", 0))
        front = await asyncio.start_server(partial(connection.handle, settings), HOST, port)
        say(f"wire front ready on {HOST}:{port}, {answer}")
        data_port = data_port or free_port(last.get("data_port", 0))

        def cancel(pid: int) -> None:
            server.cancel_backend(pid)
            settings.running.cancel_process(pid)

        data_api = DataApi(HOST, data_port, port, token, cancel)
        data_api.start()
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


def last_ports(home: Path) -> dict[str, int]:
    """Return the ports of the last run, so that this one can have them again."""
    try:
        ports: dict[str, int] = json.loads((home / "ports.json").read_text())
    except (OSError, ValueError):
        return {}
    return ports


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


def say(text: str) -> None:
    """Print one line about the life of the server."""
    print(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} redshift: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
