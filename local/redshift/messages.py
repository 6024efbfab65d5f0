"""Messages of the PostgreSQL wire protocol, version 3, read and written as bytes (pure, but for `read_startup`).

Source: https://www.postgresql.org/docs/current/protocol-message-formats.html. Redshift speaks the same protocol.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass

from local.redshift.errors import ErrorFields
from local.redshift.names import NAMES

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102

# Type OIDs that PostgreSQL reports and Redshift does not, and what Redshift reports in their place
# (redshift_connector.utils.oids): name and text -> varchar, json -> super, bytea -> varbyte.
OID_NAME, OID_TEXT, OID_VARCHAR, OID_JSON, OID_SUPER, OID_BYTEA, OID_VARBYTE = 19, 25, 1043, 114, 4000, 17, 6551
OID_UNKNOWN = 705
REDSHIFT_OIDS = {OID_NAME: OID_VARCHAR, OID_TEXT: OID_VARCHAR, OID_JSON: OID_SUPER, OID_BYTEA: OID_VARBYTE}


@dataclass(slots=True)  # not frozen: it is made often, and that makes it slow
class Message:
    """One message: its type byte (empty for a startup packet) and its body without the length."""

    kind: bytes
    body: bytes

    def encode(self) -> bytes:
        """Return the message as it goes over the wire.

        >>> Message(b"S", b"").encode()
        b'S\\x00\\x00\\x00\\x04'
        """
        return self.kind + struct.pack("!I", len(self.body) + 4) + self.body


async def read_startup(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read a startup packet; return its code (protocol version or request) and the rest."""
    length, code = struct.unpack("!II", await reader.readexactly(8))
    return code, await reader.readexactly(length - 8)


def startup_packet(code: int, body: bytes) -> bytes:
    """Return a startup packet as it goes over the wire."""
    return struct.pack("!II", len(body) + 8, code) + body


def startup_parameters(body: bytes) -> dict[str, str]:
    r"""Return the key and value pairs of a StartupMessage.

    >>> startup_parameters(b"user\0ann\0database\0dev\0\0")
    {'user': 'ann', 'database': 'dev'}
    """
    words = [word.decode() for word in body.split(b"\0")]
    return dict(zip(words[0:-2:2], words[1:-1:2], strict=False))


def startup_body(parameters: dict[str, str]) -> bytes:
    r"""Return the body of a StartupMessage.

    >>> startup_body({"user": "ann"})
    b'user\x00ann\x00\x00'
    """
    return b"".join(word.encode() + b"\0" for pair in parameters.items() for word in pair) + b"\0"


def query(sql: str) -> Message:
    """Return a simple Query."""
    return Message(b"Q", sql.encode() + b"\0")


def parse(name: bytes, sql: str, tail: bytes) -> Message:
    """Return a Parse of `sql` as the prepared statement `name`; `tail` is the parameter type part as received."""
    return Message(b"P", name + b"\0" + sql.encode() + b"\0" + tail)


def prepared(name: bytes, sql: str) -> list[Message]:
    """Return what runs `sql`, a command without parameters and rows, as the prepared statement and portal `name`."""
    return [
        Message(b"C", b"S" + name + b"\0"),
        Message(b"C", b"P" + name + b"\0"),
        parse(name, sql, b"\0\0"),
        Message(b"B", name + b"\0" + name + b"\0" + b"\0\0" * 3),
        Message(b"E", name + b"\0" + b"\0" * 4),
    ]


def split_parse(body: bytes) -> tuple[bytes, str, bytes]:
    r"""Return a Parse message's statement name, SQL and parameter type part.

    >>> split_parse(b"s1\0select 1\0\0\0")
    (b's1', 'select 1', b'\x00\x00')
    """
    name, sql, tail = body.split(b"\0", 2)
    return name, sql.decode(), tail


def split_bind(body: bytes) -> tuple[bytes, bytes]:
    """Return the portal and the statement that a Bind message names."""
    portal, statement, _ = body.split(b"\0", 2)
    return portal, statement


def backend_pid(body: bytes) -> int:
    """Return the process that a BackendKeyData names."""
    return int(struct.unpack("!i", body[:4])[0])


def error_fields(body: bytes) -> ErrorFields:
    r"""Return the fields of an ErrorResponse or NoticeResponse.

    >>> error_fields(b"SERROR\0C42601\0Mbad\0\0")
    {'S': 'ERROR', 'C': '42601', 'M': 'bad'}
    """
    return {chr(field[0]): field[1:].decode(errors="replace") for field in body.split(b"\0") if field}


def error_response(fields: ErrorFields) -> Message:
    """Return an ErrorResponse with these fields."""
    return Message(b"E", b"".join(code.encode() + text.encode() + b"\0" for code, text in fields.items()) + b"\0")


def warning(text: str) -> Message:
    """Return a NoticeResponse."""
    return Message(b"N", error_response({"S": "WARNING", "C": "01000", "M": text}).body)


def bound_formats(body: bytes) -> list[int]:
    r"""Return the format codes that a Bind message asks the result's columns in.

    >>> bound_formats(b"\0s\0" + bytes.fromhex("0001 0001 0002 00000001 78 ffffffff 0001 0001"))
    [1]
    """
    position = body.index(b"\0", body.index(b"\0") + 1) + 1
    position += 2 + 2 * struct.unpack("!h", body[position : position + 2])[0]
    (values,) = struct.unpack("!h", body[position : position + 2])
    position += 2
    for _ in range(values):
        (length,) = struct.unpack("!i", body[position : position + 4])
        position += 4 + max(length, 0)
    (count,) = struct.unpack("!h", body[position : position + 2])
    return list(struct.unpack(f"!{count}h", body[position + 2 : position + 2 + 2 * count]))


def changed_row(body: bytes, change: Callable[[int, bytes], bytes]) -> bytes:
    """Return a DataRow's body with each value that is not NULL as `change`, given its index, makes it."""
    parts, position = [body[:2]], 2
    for index in range(struct.unpack("!H", body[:2])[0]):
        (length,) = struct.unpack("!i", body[position : position + 4])
        position += 4
        if length < 0:
            parts.append(struct.pack("!i", length))
            continue
        value = change(index, body[position : position + length])
        parts.append(struct.pack("!i", len(value)) + value)
        position += length
    return b"".join(parts)


def with_true_names(message: Message) -> Message:
    """Return a message of PostgreSQL's with the names that it has shortened as they are (names.py)."""
    if not NAMES or b"_rs" not in message.body:
        return message
    if message.kind == b"D":
        return Message(b"D", changed_row(message.body, lambda _, value: NAMES.true_names(value)))
    return Message(message.kind, NAMES.true_names(message.body)) if message.kind in (b"T", b"E", b"N") else message


def row_values(body: bytes) -> list[str | None]:
    """Return the values of a DataRow in text format."""
    values: list[str | None] = []
    position = 2
    for _ in range(struct.unpack("!H", body[:2])[0]):
        (length,) = struct.unpack("!i", body[position : position + 4])
        position += 4
        if length < 0:
            values.append(None)
            continue
        values.append(body[position : position + length].decode())
        position += length
    return values
