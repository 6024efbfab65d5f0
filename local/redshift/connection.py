"""A client's connection, from its first byte to its last.

In: a connection. Out: a session of PostgreSQL's, and a conversation between the two (wire.py).
"""

from __future__ import annotations

import asyncio
import hmac
import ssl

from local.redshift import messages, tls
from local.redshift.connections import Visit, visitor
from local.redshift.conversation import FrontSettings
from local.redshift.history import Origin
from local.redshift.login import as_data_api
from local.redshift.name_case import case_asked
from local.redshift.recorder import Recorder
from local.redshift.row_description import version_asked
from local.redshift.side import Side
from local.redshift.wire import Session

_STARTUP_KEYS = ("user", "database", "application_name", "client_encoding", "DateStyle", "TimeZone")


async def handle(settings: FrontSettings, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one client from its first byte to its last."""
    server_writer: asyncio.StreamWriter | None = None
    try:
        code, body = await tls.read_startup(settings.tls, reader, writer)
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", settings.postgres_port)
        asked = {} if code == messages.CANCEL_REQUEST else messages.startup_parameters(body)
        options = as_data_api(settings.data_api_token).encode()
        is_data_api = hmac.compare_digest(asked.get("options", "").encode(), options)
        if asked:
            passed = {key: asked[key] for key in _STARTUP_KEYS if key in asked} | case_asked(asked.get("options", ""))
            # It answers with numbers, not with texts: of no digit does a page say that a number loses it.
            body = messages.startup_body(passed | ({"extra_float_digits": "1"} if is_data_api else {}))
        server_writer.write(messages.startup_packet(code, body))
        await server_writer.drain()
        if code == messages.CANCEL_REQUEST:
            settings.running.cancel(body)
        if code != messages.CANCEL_REQUEST:
            user = asked.get("user", "")
            origin = Origin(user, asked.get("database") or user, is_data_api=is_data_api)
            protocol = version_asked(asked)
            visit = Visit(visitor(writer, asked, protocol), settings.history.note)
            recorder = Recorder(settings.history, origin, visit)
            sides = Side(reader, writer), Side(server_reader, server_writer)
            await Session(settings, *sides, recorder, is_data_api, protocol).run()
    except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):  # the last: who does not trust the certificate
        pass
    finally:
        for side in (writer, server_writer):
            if side is not None:
                side.close()
