"""TLS of the wire front: offered with a certificate of this machine's own, which drivers verify when they trust it."""

from __future__ import annotations

import os
import socket
import ssl
import struct
import subprocess
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pytest
import redshift_connector
from redshift_connector.error import InterfaceError

from local.redshift import messages, tls
from tests.local.redshift.test_server import running
from tests.support.local_stack import LocalServices


def connect(facts: dict[str, Any], **options: str) -> Any:
    """Return a connection of libpq's, by name: a certificate is one of a name."""
    return psycopg2.connect(
        host="localhost", port=facts["wire_port"], dbname=facts["database"],
        user=facts["admin_user"], password=facts["admin_password"], **options,
    )  # fmt: skip


@pytest.fixture
def shown(local_redshift: LocalServices) -> Path:
    """The certificate that the front shows."""
    return tls.certificate(local_redshift.home.redshift)


def test_a_client_gets_tls_where_it_asks_for_it_and_none_where_it_does_not(facts: dict[str, Any]) -> None:
    for mode, is_secure in (("require", True), ("prefer", True), ("allow", False), ("disable", False)):
        with connect(facts, sslmode=mode) as connection, connection.cursor() as cursor:
            cursor.execute("select 1")
            assert cursor.fetchall() == [(1,)]
            assert connection.info.ssl_in_use is is_secure, mode


def test_rows_of_many_records_come_whole_through_tls(facts: dict[str, Any]) -> None:
    sent = "é" * 30_000  # more than a record holds, in both directions
    with connect(facts, sslmode="require") as connection, connection.cursor() as cursor:
        cursor.execute("select %s || 'x' union all select %s || 'y'", (sent, sent))
        assert sorted(value for (value,) in cursor.fetchall()) == [sent + "x", sent + "y"]


def test_a_client_verifies_the_certificate_that_it_trusts_and_no_other(
    facts: dict[str, Any], shown: Path, tmp_path: Path
) -> None:
    with connect(facts, sslmode="verify-full", sslrootcert=str(shown)) as connection:
        assert connection.info.ssl_in_use
    tls.server_context(tmp_path)  # makes another one
    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        connect(facts, sslmode="verify-full", sslrootcert=str(tls.certificate(tmp_path)))
    with connect(facts, sslmode="require") as connection, connection.cursor() as cursor:  # the front lives on
        cursor.execute("select 1")


def test_the_python_driver_connects_as_it_does_by_default_where_it_trusts_the_certificate(
    facts: dict[str, Any], shown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {name: facts[fact] for name, fact in (("port", "wire_port"), ("user", "admin_user"), ("database",) * 2)}
    options |= {"host": "localhost", "password": facts["admin_password"]}
    with pytest.raises(InterfaceError, match="CERTIFICATE_VERIFY_FAILED"):
        redshift_connector.connect(**options)
    monkeypatch.setenv("SSL_CERT_FILE", str(shown))
    for mode in ("verify-ca", "verify-full"):
        with redshift_connector.connect(**options, sslmode=mode) as connection:
            cursor = connection.cursor()
            cursor.execute("select 1")
            assert isinstance(connection._usock, ssl.SSLSocket)
            assert [list(row) for row in cursor.fetchall()] == [[1]]


def test_a_certificate_is_kept_and_made_anew_before_it_expires(tmp_path: Path) -> None:
    tls.server_context(tmp_path)
    first = tls.certificate(tmp_path).read_bytes()
    assert tls.certificate(tmp_path).with_suffix(".key").stat().st_mode & 0o077 == 0
    tls.server_context(tmp_path)
    assert tls.certificate(tmp_path).read_bytes() == first
    key = str(tls.certificate(tmp_path).with_suffix(".key"))
    command = ["openssl", "req", "-x509", "-key", key, "-days", "2", "-subj", "/CN=localhost"]
    short = subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603 - ours
    tls.certificate(tmp_path).write_bytes(short)
    tls.server_context(tmp_path)
    assert tls.certificate(tmp_path).read_bytes() not in (first, short)


def test_without_openssl_a_kept_certificate_serves_and_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls.server_context(tmp_path / "kept")
    monkeypatch.setenv("PATH", str(tmp_path))
    tls.server_context(tmp_path / "kept")
    with pytest.raises(tls.NoCertificateError, match="there is no openssl"):
        tls.server_context(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_certificate_that_cannot_be_made_names_its_folder_and_what_openssl_said(tmp_path: Path) -> None:
    tls.certificate(tmp_path).mkdir(parents=True)
    with pytest.raises(tls.NoCertificateError, match=rf"openssl made no certificate in {tmp_path}/tls: .*server\.crt"):
        tls.server_context(tmp_path)


def test_a_certificate_that_cannot_be_read_says_what_to_delete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls.server_context(tmp_path)
    tls.certificate(tmp_path).write_text("none")
    monkeypatch.setenv("PATH", str(tmp_path))  # no openssl makes it anew
    with pytest.raises(tls.NoCertificateError, match=r"server\.crt and .*server\.key cannot be used: .*; delete them"):
        tls.server_context(tmp_path)


def test_a_folder_and_a_key_that_others_could_read_are_theirs_no_more(tmp_path: Path) -> None:
    folder = tls.certificate(tmp_path).parent
    folder.mkdir(mode=0o755)
    key = folder / "server.key"
    key.write_text("none")
    key.chmod(0o644)
    tls.server_context(tmp_path)
    assert [path.stat().st_mode & 0o777 for path in (folder, key)] == [0o700, 0o600]


def test_the_local_redshift_starts_without_tls_where_openssl_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = tmp_path / "bin"
    commands.mkdir()
    openssl = commands / "openssl"
    openssl.write_text("#!/bin/sh\necho 'req: Unrecognized flag addext' >&2\nexit 1\n")
    openssl.chmod(0o755)
    tmp_path.chmod(0o755)  # PostgreSQL may run as another user
    monkeypatch.setenv("PATH", f"{commands}{os.pathsep}{os.environ['PATH']}")
    with running(tmp_path / "home") as (process, facts):
        with connect(facts, sslmode="prefer") as connection, connection.cursor() as cursor:
            cursor.execute("select 1")
            assert not connection.info.ssl_in_use
        with pytest.raises(psycopg2.OperationalError, match="does not support SSL"):
            connect(facts, sslmode="require")
        process.terminate()
        said = process.communicate(timeout=60)[0].decode()
        why = f"openssl made no certificate in {tmp_path}/home/tls: req: Unrecognized flag addext"
        assert f"without TLS ({why})" in said


def test_what_a_client_sends_behind_its_request_for_tls_is_not_taken_as_if_it_came_through_tls(
    facts: dict[str, Any], shown: Path
) -> None:
    request = struct.pack("!II", 8, messages.SSL_REQUEST)
    start = messages.startup_packet(3 << 16, messages.startup_body({"user": "nobody"}))
    with socket.create_connection(("127.0.0.1", facts["wire_port"]), timeout=60) as client:
        client.sendall(request + start)
        assert client.recv(1) == b""  # it is gone, without a word
    trusting = ssl.create_default_context(cafile=str(shown))
    with socket.create_connection(("127.0.0.1", facts["wire_port"]), timeout=60) as client:
        client.sendall(request)
        assert client.recv(1) == b"S"
        with trusting.wrap_socket(client, server_hostname="localhost") as secured:
            secured.sendall(start)
            assert secured.recv(1) in (b"E", b"R")
