"""A proxy between an ingest function and AWS, which can interfere with single requests.

Comes in: HTTP requests of the AWS SDK. Goes out: the same requests to the local services, in the order in which they
came, and their answers, unless an `Interference` wants it otherwise.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Request:
    """A request: its number, counted from 1, its service (`aws` or `data`), and what it asks for."""

    number: int
    service: str
    method: str
    path: str
    operation: str  # of the Data API; empty for others


class Interference:
    """What a proxy does to requests: nothing. Subclasses choose."""

    def admits(self, request: Request) -> bool:
        """Say False for the answer of a service that is too busy, which then never sees the request."""
        return True

    def answers(self, request: Request) -> bool:
        """Say False for an answer that is lost, once the service has done what was asked."""
        return True


BUSY: dict[str, tuple[int, str, bytes]] = {
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    "aws": (503, "application/xml", b"<Error><Code>SlowDown</Code><Message>Please reduce your rate</Message></Error>"),
    # https://docs.aws.amazon.com/redshift-data/latest/APIReference/CommonErrors.html
    "data": (
        400,
        "application/x-amz-json-1.1",
        json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}).encode(),
    ),
}


@dataclass
class Proxy:
    """The proxy's addresses as variables of the SDK, and what has passed."""

    interference: Interference
    requests: list[Request] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, service: str, method: str, path: str, target: str) -> Request:
        """Number a request."""
        with self._lock:
            operation = target.partition(".")[2]
            request = Request(len(self.requests) + 1, service, method, urlsplit(path).path, operation)
            self.requests.append(request)
            return request


@contextmanager
def proxy(environment: dict[str, str], interference: Interference) -> Iterator[Proxy]:
    """Stand between whoever gets `proxy.environment` and the services that `environment` names."""
    standing = Proxy(interference)
    variables = {"aws": "AWS_ENDPOINT_URL", "data": "AWS_ENDPOINT_URL_REDSHIFT_DATA"}
    servers = {name: _serve(standing, name, environment[variable]) for name, variable in variables.items()}
    standing.environment = environment | {
        variable: f"http://127.0.0.1:{servers[name].server_address[1]}" for name, variable in variables.items()
    }
    try:
        yield standing
    finally:
        for server in servers.values():
            server.shutdown()
            server.server_close()


def _serve(standing: Proxy, service: str, upstream: str) -> ThreadingHTTPServer:
    address = urlsplit(upstream).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits for the client to acknowledge its headers

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = standing.note(service, self.command, self.path, self.headers.get("X-Amz-Target", ""))
            if not standing.interference.admits(request):
                status, kind, content = BUSY[service]
                self._answer(status, [("Content-Type", kind)], content)
                return
            try:
                status, headers, content = _ask(address, self.command, self.path, dict(self.headers.items()), body)
            except OSError:  # the service is away
                self.close_connection = True
                return
            if not standing.interference.answers(request):
                self.close_connection = True
                return
            self._answer(status, headers, content)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on  # noqa: N815 - the names that http.server looks for

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response_only(status)
            length = str(len(content))
            if self.command == "HEAD":  # it tells the length of what it does not send
                length = {name.lower(): value for name, value in headers}.get("content-length", length)
            for name, value in headers:
                if name.lower() not in {"transfer-encoding", "content-length", "connection"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Write no access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


def _ask(
    address: str, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request(method, path, body, {name: value for name, value in headers.items() if name != "Expect"})
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        connection.close()
