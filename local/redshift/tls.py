"""TLS of the wire front: a self-signed certificate of this machine's own, and the context that shows it.

In: the home folder. Out: `tls/server.crt` and `tls/server.key` in it, made by `openssl` when they are missing or about
to expire, and a context for servers. Redshift offers TLS, and asks for it where `require_ssl` is set
(https://docs.aws.amazon.com/redshift/latest/mgmt/connecting-ssl-support.html); the front asks for none.
"""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import time
from pathlib import Path

from local.redshift import messages

DAYS = 3650
_RENEWED_SECONDS = 30 * 24 * 3600  # one with less to live is made anew
NAMES = ("DNS:localhost", "IP:127.0.0.1")


class NoCertificateError(Exception):
    """There is no certificate to show, so TLS has to be declined: says why."""


def certificate(home: Path) -> Path:
    """Return where the certificate stands: drivers that verify have to trust it (`sslrootcert`, `SSL_CERT_FILE`)."""
    return home / "tls" / "server.crt"


def server_context(home: Path) -> ssl.SSLContext:
    """Return the context of the front's side of TLS.

    Raises:
        NoCertificateError: there is no `openssl` to make a certificate with, or it makes none that can be used (one too
            old for `-addext`, one without its openssl.cnf); the message names the folder and what it said.
    """
    shown = certificate(home)
    key = shown.with_suffix(".key")
    openssl = shutil.which("openssl")
    if not (shown.exists() and key.exists() and _lasts(openssl, shown)):
        if openssl is None:
            raise NoCertificateError("there is no openssl")
        _make(openssl, shown, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(shown, key)
    except OSError as error:  # ssl.SSLError is one
        raise NoCertificateError(f"{shown} and {key} cannot be used: {error}; delete them") from error
    return context


async def read_startup(
    context: ssl.SSLContext | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[int, bytes]:
    """Return the start-up packet's code and body, after TLS where the client asks for it and there is a certificate.

    Raises:
        ConnectionError: the client did not wait for the answer. What it sent in clear would be read as if TLS had
            protected it, and somebody between the two could have put it there (CVE-2021-23214 of PostgreSQL's).
    """
    is_clear = True
    code, body = await messages.read_startup(reader)
    while code in (messages.SSL_REQUEST, messages.GSS_REQUEST):
        if code == messages.SSL_REQUEST and context and is_clear:
            if reader._buffer:  # type: ignore[attr-defined]  # asyncio tells it in no other way
                raise ConnectionError("bytes behind the request for TLS")
            writer.write(b"S")
            await writer.start_tls(context)
            is_clear = False
        else:
            writer.write(b"N")
        code, body = await messages.read_startup(reader)
    return code, body


def _lasts(openssl: str | None, shown: Path) -> bool:
    """Tell whether a certificate is good for a while; where nobody can tell, it is taken to be."""
    readable = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        readable.load_verify_locations(shown)
        ends = [ssl.cert_time_to_seconds(str(each["notAfter"])) for each in readable.get_ca_certs()]
    except (OSError, ValueError):
        ends = []
    if ends:  # an authority's own, as those are that `openssl req -x509` makes: no process is started to ask
        return min(ends) > time.time() + _RENEWED_SECONDS
    if openssl is None:
        return True
    command = (openssl, "x509", "-in", str(shown), "-noout", "-checkend", str(_RENEWED_SECONDS))
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - found on PATH


def _make(openssl: str, shown: Path, key: Path) -> None:
    said = ""
    try:
        shown.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shown.parent.chmod(0o700)  # it may have been there
        key.unlink(missing_ok=True)
        key.touch(mode=0o600)  # before openssl fills it, which not in every version hides it
        command = (
            openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", str(DAYS), "-subj", "/CN=localhost", "-addext", f"subjectAltName={','.join(NAMES)}",
            "-keyout", str(key), "-out", str(shown),
        )  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH
        if done.returncode:
            said = "; ".join(done.stderr.split("\n")).strip("; ") or f"it ended with code {done.returncode}"
        else:
            key.chmod(0o600)
    except OSError as error:
        said = str(error)
    if said:
        raise NoCertificateError(f"openssl made no certificate in {shown.parent}: {said}")
