"""What clients meet of a running warehouse: the wire front and the Data API endpoint.

In: PostgreSQL, as it runs, and its secrets. Out: two ports that are listened to, until they are closed.
"""

from __future__ import annotations

import asyncio
import os
from functools import partial
from pathlib import Path
from secrets import token_hex

from local.redshift import connection, history, shapes, tls
from local.redshift.conversation import FrontSettings
from local.redshift.data_api import DataApi
from local.redshift.external.seen import EXTERNAL_NAMES
from local.redshift.history import History
from local.redshift.names import NAMES
from local.redshift.ports import HOST, listen
from local.redshift.postgres import Server
from local.redshift.warehouse import Secrets


class Front:
    """Both, `listen` before `serve_data_api`, which is a client of the wire front."""

    def __init__(self, home: Path, server: Server, secrets: Secrets, isolation: str) -> None:
        """`answer`: whether a client who asks for TLS gets it, as the log tells."""
        NAMES.keep_in(home / "data")
        EXTERNAL_NAMES.keep_in(home / "data")
        try:
            context, self.answer = tls.server_context(home), "with TLS"
        except tls.NoCertificateError as error:  # no reason not to start: the product itself asks for no TLS
            context, self.answer = None, f"without TLS ({error})"
        self._server = server
        self._settings = FrontSettings(
            server.port,
            home / "tmp",
            isolation,
            home / "logs" / "errors.jsonl",
            History(home / "data" / history.FOLDER, shapes.of_environment(os.environ, home)),
            secrets.login_key(),
            token_hex(),
            context,
        )

    async def listen(self, *ports: int) -> int:
        """Let clients in on the first of these ports that is free; return it."""
        listening = listen(*ports)
        self._port = int(listening.getsockname()[1])
        self._listening = await asyncio.start_server(partial(connection.handle, self._settings), sock=listening)
        return self._port

    def serve_data_api(self, *ports: int) -> DataApi:
        """Serve the Data API on the first of these ports that is free, from threads of its own."""
        data_api = DataApi(listen(*ports), HOST, self._port, self._settings.data_api_token, self._cancel)
        data_api.start()
        return data_api

    def close(self) -> None:
        """Let no more clients in."""
        self._listening.close()

    def _cancel(self, pid: int) -> None:
        self._server.cancel_backend(pid)
        self._settings.running.cancel_process(pid)
