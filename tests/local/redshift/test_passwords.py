"""Passwords as hashes: who is let in, by which drivers, and what ends a password."""

from __future__ import annotations

import hashlib
import json
import secrets
import socket
import struct
import uuid
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pytest
from redshift_connector.error import Error

from local.redshift import messages, passwords
from local.redshift.login import SASL_CONTINUE, Login, as_data_api
from local.redshift.messages import Message
from tests.local.redshift.support import Client
from tests.support.local_stack import LocalServices

REFUSED = "password authentication failed"
PASSWORD = "Sécret99|x"  # noqa: S105 - no password of anything; as a hash it may have any characters


def sha256(password: str) -> str:
    """Return a password's SHA-256 hash as CREATE USER takes it."""
    salt = secrets.token_bytes(32)
    return f"sha256|{hashlib.sha256(password.encode() + salt).hexdigest()}|{salt.hex()}"


def md5(user: str, password: str) -> str:
    """Return a password's MD5 hash as CREATE USER takes it."""
    return "md5" + hashlib.md5((password + user).encode()).hexdigest()  # noqa: S324 - Redshift's own form


@pytest.fixture
def user(administrator: Client) -> Iterator[str]:
    """A user with a SHA-256 hash."""
    name = f"u_{uuid.uuid4().hex[:12]}"
    administrator.run(f"create user {name} password '{sha256(PASSWORD)}'")
    yield name
    administrator.run(f"drop user if exists {name}")


def is_let_in(facts: dict[str, Any], name: str, password: str) -> bool:
    """Whether a user gets in with a password; whoever does not is told the same."""
    try:
        client = Client(facts, name, password)
    except Error as error:
        fields = error.args[0]
        assert (fields["S"], fields["C"]) == ("FATAL", "28P01"), fields
        assert fields["M"] == f'{REFUSED} for user "{name}"'
        return False
    assert client.value("select current_user") == name
    client.close()
    return True


def test_a_sha256_hash_lets_its_password_in_and_no_other(facts: dict[str, Any], user: str) -> None:
    assert is_let_in(facts, user, PASSWORD)
    for false in ("-", "Secret99", PASSWORD + " ", PASSWORD.lower(), "sha256|" + PASSWORD):
        assert not is_let_in(facts, user, false)
    assert not is_let_in(facts, "nobody_here", PASSWORD)


def test_redshift_salts_a_password_that_it_is_given_in_clear(facts: dict[str, Any], administrator: Client) -> None:
    name = f"u_{uuid.uuid4().hex[:12]}"
    administrator.run(f"create user {name} password 'sha256|Mypassword1'")
    assert is_let_in(facts, name, "Mypassword1")
    assert not is_let_in(facts, name, "Mypassword2")
    administrator.run(f"drop user {name}")


def test_a_user_goes_from_md5_to_sha256_and_back(facts: dict[str, Any], administrator: Client, user: str) -> None:
    administrator.run(f"alter user {user} password '{md5(user, 'Before99')}'")
    assert is_let_in(facts, user, "Before99")
    assert not is_let_in(facts, user, PASSWORD)
    administrator.run(f"alter user {user} password '{sha256('Before99')}'")
    assert is_let_in(facts, user, "Before99")
    administrator.run(f"alter user {user} password 'Clear999'")
    assert is_let_in(facts, user, "Clear999")
    assert not is_let_in(facts, user, "Before99")


def test_users_change_their_own_hash_while_their_session_stays(facts: dict[str, Any], user: str) -> None:
    session = Client(facts, user, PASSWORD)
    session.run(f"alter user {user} password '{sha256('Another9')}'")
    assert session.value("select 1") == 1
    session.close()
    assert is_let_in(facts, user, "Another9")
    assert not is_let_in(facts, user, PASSWORD)


def test_a_hash_rolls_back_with_its_transaction(facts: dict[str, Any], administrator: Client, user: str) -> None:
    administrator.run("begin", f"alter user {user} password '{sha256('Another9')}'", "rollback")
    assert is_let_in(facts, user, PASSWORD)
    assert not is_let_in(facts, user, "Another9")


ENDS = {
    "password disable": "alter user {user} password disable",
    "valid until": "alter user {user} valid until '2020-01-01'",
    "drop": "drop user {user}",
}


@pytest.mark.parametrize("ending", ENDS)
def test_a_hash_ends(facts: dict[str, Any], administrator: Client, user: str, ending: str) -> None:
    assert is_let_in(facts, user, PASSWORD)
    administrator.run(ENDS[ending].format(user=user))
    assert not is_let_in(facts, user, PASSWORD)


def test_a_renamed_user_needs_another_password(facts: dict[str, Any], administrator: Client, user: str) -> None:
    renamed = f"{user}_2"
    administrator.run(f"alter user {user} rename to {renamed}")
    assert not is_let_in(facts, renamed, PASSWORD)
    assert not is_let_in(facts, user, PASSWORD)
    administrator.run(f"alter user {renamed} password '{sha256(PASSWORD)}'")
    assert is_let_in(facts, renamed, PASSWORD)
    administrator.run(f"drop user {renamed}")


def test_a_user_dropped_and_made_again_has_the_new_hash(
    facts: dict[str, Any], administrator: Client, user: str
) -> None:
    administrator.run(f"drop user {user}", f"create user {user} password '{sha256('Another9')}'")
    assert is_let_in(facts, user, "Another9")
    assert not is_let_in(facts, user, PASSWORD)


NO_HASHES = ("", "short", "abc|def", f"{'a' * 64}|{'b' * 63}", f"{'g' * 64}|{'b' * 64}")


@pytest.mark.parametrize("given", NO_HASHES)
def test_what_is_no_hash_is_refused_and_changes_nothing(
    facts: dict[str, Any], administrator: Client, user: str, given: str
) -> None:
    assert administrator.error(f"alter user {user} password 'sha256|{given}'")["C"] in ("22023", "28P01")
    assert is_let_in(facts, user, PASSWORD)


def connect_by_libpq(facts: dict[str, Any], name: str, **options: str) -> Any:
    """Log in as psql does."""
    return psycopg2.connect(
        host=facts["host"], port=facts["wire_port"], dbname=facts["database"], user=name, password=PASSWORD,
        sslmode="disable", **options,
    )  # fmt: skip


def test_libpq_cannot_log_in_with_a_sha256_hash_as_on_redshift_and_can_with_md5(
    facts: dict[str, Any], administrator: Client, user: str
) -> None:
    for options in ({}, {"options": as_data_api("guessed")}):
        with pytest.raises(psycopg2.OperationalError, match="authentication method 13 not supported"):
            connect_by_libpq(facts, user, **options)
    administrator.run(f"alter user {user} password '{md5(user, PASSWORD)}'")
    connect_by_libpq(facts, user).close()


def test_the_data_api_logs_in_with_a_sha256_hash(
    local_redshift: LocalServices, facts: dict[str, Any], user: str
) -> None:
    secrets_manager, data_api = local_redshift.client("secretsmanager"), local_redshift.client("redshift-data")

    def outcome(username: str, password: str) -> str:
        login = json.dumps({"username": username, "password": password})
        arn = secrets_manager.create_secret(Name=f"s-{uuid.uuid4().hex[:8]}", SecretString=login)["ARN"]
        asked = {
            "Sql": "select current_user",
            "Database": facts["database"],
            "WorkgroupName": "landfall",
            "SecretArn": arn,
        }
        statement = data_api.execute_statement(**asked)["Id"]
        while (described := data_api.describe_statement(Id=statement))["Status"] not in ("FINISHED", "FAILED"):
            pass
        return str(described.get("Error", described["Status"]))

    assert outcome(user, PASSWORD) == "FINISHED"
    assert f'{REFUSED} for user "{user}"' in outcome(user, "Wrong999")
    assert f'{REFUSED} for user "nobody_here"' in outcome("nobody_here", PASSWORD)


def challenged(name: str, sealed: bytes) -> bytes:
    """Return the salt that a client is asked with, where PostgreSQL hands out `sealed`."""
    login = Login(name, b"key", in_clear=False)
    login.begin()
    challenge = struct.pack("!I", SASL_CONTINUE) + b"r=nonce,s=" + b64encode(sealed) + b",i=1"
    request = login.ask(Message(b"R", challenge))
    (length,) = struct.unpack("!I", request.body[8:12])
    return request.body[12 : 12 + length]


def test_who_is_no_user_is_asked_as_users_are() -> None:
    made = passwords.sha256_hash(b"Passw0rd", bytes(range(32)))
    assert challenged("ann", passwords.seal("ann", made, b"key")) == made.salt
    unknown = challenged("bob", b"sixteen bytes...")
    assert len(unknown) == len(made.salt)
    assert unknown == challenged("bob", b"sixteen bytes...") != challenged("eve", b"sixteen bytes...")


@pytest.mark.parametrize("answer", [b"", b"\0", struct.pack("!I", 2**32 - 1), struct.pack("!I", 0) * 2, b"\xff" * 80])
def test_a_mutilated_answer_lets_nobody_in(facts: dict[str, Any], user: str, answer: bytes) -> None:
    with socket.create_connection((facts["host"], facts["wire_port"]), timeout=10) as connection:
        body = messages.startup_body({"user": user, "database": str(facts["database"])})
        connection.sendall(messages.startup_packet(3 << 16, body))
        assert connection.recv(4096)[:1] == b"R"
        connection.sendall(Message(b"d", answer).encode())
        assert REFUSED.encode() in connection.recv(4096)
