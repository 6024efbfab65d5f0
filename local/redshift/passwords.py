"""Hashes of users' passwords: the MD5 and SHA-256 ones that Redshift takes, and how PostgreSQL keeps the latter.

In: CREATE USER and ALTER USER, and what PostgreSQL has of a user when somebody logs in. Out: statements without clear
passwords; the digest to compare an answer with. Pure, but for the salts it draws.

PostgreSQL knows no SHA-256 hash of Redshift's kind. It is given a SCRAM verifier (RFC 5802) whose keys are made from
the digest, and whose salt, which PostgreSQL hands out at each log-in, carries the digest under the front's key. So the
hash lives where PostgreSQL keeps passwords: it rolls back with its transaction, ends with its user, gives way to
another password, and counts no more after its VALID UNTIL. As the name of the user is sealed in, it is worth nothing
after a RENAME (https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html: the password is cleared).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from local.redshift.masking import IDENTIFIER, STRING, mask, unquote, unquote_identifier

SALT_BYTES = DIGEST_BYTES = 32
SEAL_BYTES = 16
SHA256_HASH = re.compile(r"sha256\|([0-9a-fA-F]{64})\|([0-9a-fA-F]{64})")
MD5_HASH = re.compile(r"md5[0-9a-f]{32}")
_CHANGES_USER = re.compile(r"\s*(?:create|alter)\s+user\b", re.IGNORECASE)
_USER = re.compile(rf"\s*(?:create|alter)\s+user\s+(?P<name>{IDENTIFIER})", re.IGNORECASE)
_PASSWORD = re.compile(rf"\bpassword\s+(?P<password>{STRING})", re.IGNORECASE)


@dataclass(frozen=True)
class Hash:
    """SHA-256 of a password and a salt, both of 32 bytes."""

    digest: bytes
    salt: bytes


def md5_hash(user: str, password: str) -> str:
    """Hash a password with the user's name, as https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html says.

    >>> md5_hash("user1", "ez")
    'md5153c434b4b77c89e6b94f12c5393af5b'
    """
    return "md5" + hashlib.md5((password + user).encode(), usedforsecurity=False).hexdigest()


def sha256_hash(password: bytes, salt: bytes) -> Hash:
    """Hash a password as drivers do: the bytes of the salt behind those of the password.

    Source: redshift_connector's ExtensibleDigest. The example of r_CREATE_USER.html is made in this very way:

    >>> salt = bytes.fromhex("c721bff5d9042cf541ff7b9d48fa8a6e545c19a763e3710151f9513038b0f6c6")
    >>> sha256_hash(b"P4ssw0rd1", salt).digest.hex()
    'fe95f2bc7c4a111b6f0f7d0b60bfedd1935fb295f8dce1d62708ab8d2f564baf'
    """
    return Hash(hashlib.sha256(password + salt).digest(), salt)


def answer_of(digest: bytes, server_nonce: bytes, client_nonce: bytes) -> bytes:
    """Return what a driver that knows a digest answers."""
    return hashlib.sha256(digest + server_nonce + client_nonce).digest()


def keep_hash(sql: str, key: bytes) -> str:
    """Return a statement for PostgreSQL in which a user's password is a hash that PostgreSQL keeps as it is.

    A password in clear becomes an MD5 hash, as on Redshift, which takes a SHA-256 one for `sha256|<password>`.

    >>> keep_hash("alter user user1 password 'ez'", b"")
    "alter user user1 password 'md5153c434b4b77c89e6b94f12c5393af5b'"
    >>> keep_hash("select 'create user a password'", b"")
    "select 'create user a password'"
    """
    if not _CHANGES_USER.match(sql):
        return sql
    masked = mask(sql)
    user, password = _USER.match(masked.text), _PASSWORD.search(masked.text)
    if not user or not password:
        return sql
    name = unquote_identifier(masked.restore(user["name"]))
    kept = _kept(name, unquote(masked.restore(password["password"])), key)
    start, end = password.span("password")
    return masked.restore(f"{masked.text[:start]}'{kept}'{masked.text[end:]}")


def _kept(user: str, password: str, key: bytes) -> str:
    if MD5_HASH.fullmatch(password):
        return password
    if not password.startswith("sha256|"):
        return md5_hash(user, password)
    given = SHA256_HASH.fullmatch(password)
    if given:
        made = Hash(bytes.fromhex(given[1]), bytes.fromhex(given[2]))
    else:
        made = sha256_hash(password.removeprefix("sha256|").encode(), secrets.token_bytes(SALT_BYTES))
    client, server = scram_keys(made.digest)
    salt, stored = _base64(seal(user, made, key)), _base64(hashlib.sha256(client).digest())
    return f"SCRAM-SHA-256$1:{salt}${stored}:{_base64(server)}"


def scram_keys(digest: bytes) -> tuple[bytes, bytes]:
    """Return SCRAM's ClientKey and ServerKey where the digest stands for the salted password (RFC 5802, 3)."""
    return (
        hmac.digest(digest, b"Client Key", "sha256"),
        hmac.digest(digest, b"Server Key", "sha256"),
    )


def seal(user: str, made: Hash, key: bytes) -> bytes:
    """Return a hash as PostgreSQL may tell it to anybody: who lacks the key learns the salt alone.

    >>> made = sha256_hash(b"Passw0rd", bytes(32))
    >>> unseal("a", seal("a", made, b"key"), b"key") == made
    True
    >>> unseal("b", seal("a", made, b"key"), b"key"), unseal("a", seal("a", made, b"key"), b"another")
    (None, None)
    """
    hidden = _xor(made.digest, hmac.digest(key, b"hide" + made.salt, "sha256"))
    return (
        made.salt + hidden + hmac.digest(key, b"seal" + made.salt + made.digest + user.encode(), "sha256")[:SEAL_BYTES]
    )


def unseal(user: str, sealed: bytes, key: bytes) -> Hash | None:
    """Return the hash in a seal, None where it is no seal of that user's: no such user, or none with such a hash."""
    salt, hidden = sealed[:SALT_BYTES], sealed[SALT_BYTES : SALT_BYTES + DIGEST_BYTES]
    made = Hash(_xor(hidden, hmac.digest(key, b"hide" + salt, "sha256")), salt)
    return made if hmac.compare_digest(seal(user, made, key), sealed) else None


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
