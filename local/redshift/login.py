"""The log-in of a user whose password is kept as a SHA-256 hash: the front asks as Redshift does, PostgreSQL lets in.

In: PostgreSQL's request for SCRAM, which it makes for such users alone (and for names of no user, and users without a
password). Out: Redshift's request for a digest to the client, then SCRAM's proof to PostgreSQL, a false one where the
client's digest is false: so it is PostgreSQL that refuses, in the same words for whatever is wrong.

Redshift's messages are not documented: they are what redshift_connector and AWS's JDBC driver read (request 13) and
send ('d').
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct

from local.redshift.messages import Message
from local.redshift.passwords import SALT_BYTES, answer_of, scram_keys, sha256_hash, unseal

AUTHENTICATED, CLEARTEXT, SASL, SASL_CONTINUE, SASL_FINAL, DIGEST = 0, 3, 10, 11, 12, 13
SHA256 = 0  # of the algorithms that drivers know
NONCE_BYTES = 32
_NO_BINDING = b"n,,"


def as_data_api(token: str) -> str:
    """Return the start-up options by which the Data API, whose client is libpq's, tells the front who it is."""
    return f"-c landfall.data_api={token}"


def request_code(message: Message) -> int:
    """Return what an authentication request asks for."""
    return int(struct.unpack("!I", message.body[:4])[0])


class Login:
    """One log-in: `begin`, `ask`, `answer`, in this order."""

    def __init__(self, user: str, key: bytes, *, in_clear: bool) -> None:
        """Begin with a user's name, and the key of the seals; `in_clear`: the client sends its password as it is."""
        self._user, self._key, self._in_clear = user, key, in_clear
        self._first = b"n=,r=" + secrets.token_hex(NONCE_BYTES).encode()
        self._nonce = secrets.token_bytes(NONCE_BYTES)
        self.is_asked = False

    def begin(self) -> Message:
        """Return what PostgreSQL is told first."""
        first = _NO_BINDING + self._first
        return Message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first)

    def ask(self, challenge: Message) -> Message:
        """Return what the client is asked, after PostgreSQL's challenge.

        One who is no user is asked too, with the same salt each time.
        """
        self.is_asked = True
        self._challenge = challenge.body[4:]
        attributes = dict(part.split(b"=", 1) for part in self._challenge.split(b","))
        self._server_nonce = attributes[b"r"]
        self._hash = unseal(self._user, base64.b64decode(attributes[b"s"]), self._key)
        unknown = hmac.digest(self._key, b"unknown" + self._user.encode(), "sha256")
        self._salt = self._hash.salt if self._hash else unknown[:SALT_BYTES]
        if self._in_clear:
            return Message(b"R", struct.pack("!I", CLEARTEXT))
        parts = struct.pack("!I", len(self._salt)) + self._salt + struct.pack("!I", NONCE_BYTES) + self._nonce
        return Message(b"R", struct.pack("!II", DIGEST, SHA256) + parts)

    def answer(self, message: Message) -> Message:
        """Return what PostgreSQL is told of the client's answer."""
        self.is_asked = False
        final = b"c=" + base64.b64encode(_NO_BINDING) + b",r=" + self._server_nonce
        digest = self._hash.digest if self._hash and self._is_right(message.body, self._hash.digest) else b""
        client, _ = scram_keys(digest)
        signed = b",".join((self._first, self._challenge, final))
        signature = hmac.digest(hashlib.sha256(client).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client, signature, strict=True))
        return Message(b"p", final + b",p=" + base64.b64encode(proof))

    def _is_right(self, answer: bytes, digest: bytes) -> bool:
        if self._in_clear:
            return hmac.compare_digest(sha256_hash(answer.rstrip(b"\0"), self._salt).digest, digest)
        sent, rest = _field(answer)
        client_nonce, _ = _field(rest)
        return hmac.compare_digest(sent, answer_of(digest, self._nonce, client_nonce))


def _field(body: bytes) -> tuple[bytes, bytes]:
    """Return a field that its length stands before, and what follows; nothing where the message ends too soon."""
    if len(body) < 4:
        return b"", b""
    (length,) = struct.unpack("!I", body[:4])
    return body[4 : 4 + length], body[4 + length :]
