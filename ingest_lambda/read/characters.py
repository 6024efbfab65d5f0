"""LAND: the characters of a text.

In: a stream of bytes, and the encoding that they are said to be in. Out: the text in chunks, without a byte order mark.
Bytes that are no characters stay in the text, each as a lone surrogate (U+DC00 and the byte, as PEP 383 has it,
https://peps.python.org/pep-0383/), which no UTF-8 holds: whoever finds them can say in which row and column.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.reasons import Reason

CHUNK_BYTES = 1024 * 1024
UTF_8 = "utf-8"
KEPT = "landfall.kept"  # how bytes that are no characters are handled
BYTE_ORDER_MARK = "\ufeff"
FIRST_KEPT, LAST_KEPT = 0xDC00, 0xDCFF
KEPT_ONE = re.compile(f"[{chr(FIRST_KEPT)}-{chr(LAST_KEPT)}]")
KEPT_BEFORE = re.compile(rb"\xed[\xb0-\xb3][\x80-\xbf]")  # as `utf8_chunks` writes it


def _keep(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if error.encoding == UTF_8 and (kept := KEPT_BEFORE.match(error.object, error.start)):
        return kept[0].decode("utf-8", "surrogatepass"), kept.end()
    return "".join(chr(FIRST_KEPT + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(KEPT, _keep)


def text_chunks(stream: BinaryIO, encoding: str = UTF_8) -> Iterator[str]:
    """Yield the text in chunks, none of them empty.

    >>> import io
    >>> list(text_chunks(io.BytesIO("größe".encode("cp1252")), "cp1252")), list(text_chunks(io.BytesIO(b"a\\xff")))
    (['größe'], ['a\\udcff'])

    Raises:
        RejectedFileError: it is not in that encoding at all.
    """
    decoder = codecs.getincrementaldecoder(encoding)(KEPT)
    is_first, is_last = True, False
    while not is_last:
        chunk = stream.read(CHUNK_BYTES)
        is_last = not chunk
        try:
            text = decoder.decode(chunk, is_last)
        except UnicodeError as error:  # of UTF-16 and UTF-32 whose byte order nothing says
            raise RejectedFileError(Reason.INVALID_TEXT, f"the text is not in {encoding}: {error}") from error
        if text:
            text = text.removeprefix(BYTE_ORDER_MARK) if is_first else text
            is_first = False
        if text:
            yield text


def utf8_chunks(stream: BinaryIO, encoding: str = UTF_8) -> Iterator[bytes]:
    """Yield the text as UTF-8 in chunks; what is no character is no UTF-8 then either."""
    if codecs.lookup(encoding).name != UTF_8:
        for text in text_chunks(stream, encoding):
            yield text.encode("utf-8", "surrogatepass")
        return
    if start := stream.read(len(codecs.BOM_UTF8)).removeprefix(codecs.BOM_UTF8):
        yield start
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def kept_bytes(text: str) -> bytes | None:
    """Return the bytes that are no characters in a text, None where there are none.

    >>> kept_bytes("a\\udcffb"), kept_bytes("ab")
    (b'\\xff', None)
    """
    found = bytes(ord(character) - FIRST_KEPT for character in KEPT_ONE.findall(text))
    return found or None


def is_whole(text: str) -> bool:
    """Tell whether a text has no bytes that are no characters; for long texts, at the speed of an encoder."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def as_bytes(text: str) -> bytes:
    r"""Return a text as UTF-8, the bytes that are no characters as they were.

    >>> as_bytes("ü\udcff")
    b'\xc3\xbc\xff'
    """
    whole = (
        bytes([ord(each) - FIRST_KEPT]) if FIRST_KEPT <= ord(each) <= LAST_KEPT else each.encode("utf-8", "replace")
        for each in text
    )
    return b"".join(whole)
