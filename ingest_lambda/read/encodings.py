"""LAND: which encoding a text looks like, where it is not in the one that it should be in.

In: some bytes. Out: a guess, and the verdict that says so. Only what a few bytes can show is guessed: UTF-16 and UTF-32
by their marks and zeros, and the one-byte encodings of western languages by whether they make words of the bytes.
"""

from __future__ import annotations

import codecs
from itertools import filterfalse

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.read.characters import UTF_8
from ingest_lambda.reasons import REMEDIES, Reason

MAX_SAMPLE = 400
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark is its beginning
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Windows first, which writes most of them; then what DOS and Excel on old Macs write.
WESTERN = ("cp1252", "cp850", "mac_roman")
LAST_LATIN_LETTER = 0x24F
SIGNS = frozenset(filterfalse(str.isalpha, bytes(range(0x80, 0x100)).decode("cp1252", "ignore")))
RARE = frozenset("ƒ")
APOSTROPHES = frozenset("\u2019\u00b4")


def likely_encoding(data: bytes) -> str | None:
    """Guess the encoding of bytes that are not UTF-8, as Python names it; None where nothing tells it.

    >>> likely_encoding("Größe".encode("cp1252")), likely_encoding("Größe".encode("cp850"))
    ('cp1252', 'cp850')
    >>> likely_encoding("id,name".encode("utf-16")), likely_encoding("id".encode("utf-16-be"))
    ('utf-16', 'utf-16-be')
    >>> likely_encoding("Привет".encode("cp1251"))
    """
    for mark, name in MARKS.items():
        if data.startswith(mark):
            return name
    if wide := _wide_encoding(data):
        return wide
    return next((name for name in WESTERN if _makes_words(data, name)), None)


def looks_wide(data: bytes) -> bool:
    """Tell whether bytes begin as UTF-16 or UTF-32 do, so that no line or bracket of UTF-8 can be found in them."""
    return any(map(data.startswith, MARKS)) or _wide_encoding(data) is not None


def not_in_encoding(
    data: bytes, encoding: str, kind: str, *, column: str | None = None, row: int | None = None
) -> RejectedFileError:
    """Reject a text file of `kind` (csv, json), of which `data` is a piece that is not in `encoding`."""
    likely = likely_encoding(data) if encoding == UTF_8 else None
    where = f"row {row}" if row else "the text"
    looks = f": it looks like {likely}" if likely else ""
    return RejectedFileError(
        Reason.INVALID_TEXT,
        f"{where} is not in {encoding}{looks}",
        column=column,
        found=shown_bytes(data, likely),
        expected=encoding,
        row=row,
        remedy=encoding_remedy(likely, kind),
    )


def shown_bytes(data: bytes, likely: str | None) -> str:
    r"""Show bytes that are not UTF-8, and how they read if the guess is right.

    >>> shown_bytes(b"Gr\xf6\xdfe", "cp1252")
    "'Gr\\xf6\\xdfe', in cp1252 'Größe'"
    """
    data = data[:MAX_SAMPLE]
    shown = "'" + data.decode("utf-8", "backslashreplace") + "'"
    return f"{shown}, in {likely} {data.decode(likely, 'replace')!r}" if likely else shown


def encoding_remedy(likely: str | None, kind: str) -> str:
    """Say what to do; the guess is a guess, so that the first word is the producer's.

    >>> encoding_remedy("cp1252", "csv")[:56]
    'write the text as UTF-8 without NUL characters; or, if i'
    """
    if likely is None:
        return f"{REMEDIES[Reason.INVALID_TEXT]}; or declare its encoding: {declaring(kind, 'encoding: ...')}"
    declared = declaring(kind, f"encoding: {likely}")
    return f"write the text as UTF-8 without NUL characters; or, if it is {likely}, declare that: {declared}"


def declaring(kind: str, setting: str) -> str:
    """Word how a setting of a format is declared.

    >>> declaring("csv", "encoding: cp1252")
    'config: {meta: {csv: {encoding: cp1252}}} of the dataset in its source YAML, deploy, and replay the file'
    """
    return f"config: {{meta: {{{kind}: {{{setting}}}}}}} of the dataset in its source YAML, deploy, and replay the file"


def _wide_encoding(data: bytes) -> str | None:
    """Tell UTF-16 by the zeros that it has in every second place, where most characters are of the first 256."""
    data = data[: MAX_SAMPLE - MAX_SAMPLE % 4]
    half = len(data) // 2
    if not half:
        return None
    high, low = data[0::2].count(0), data[1::2].count(0)
    if min(high, low) >= half / 3:
        return "utf-32-le" if data[0] else "utf-32-be"
    if low > half / 2:
        return "utf-16-le"
    return "utf-16-be" if high > half / 2 else None


def _makes_words(data: bytes, encoding: str) -> bool:
    """Tell whether an encoding makes words of bytes: letters, not all of them with marks, and signs beside them."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return False
    threes = zip(f" {text}", text, f"{text[1:]} ", strict=False)
    if not all(character.isascii() or _fits(before, character, after) for before, character, after in threes):
        return False
    letters = [character for character in text if character.isalpha()]
    marked = [character for character in letters if not character.isascii()]
    return len(marked) <= max(1, 2 * len(letters) // 3)


def _fits(before: str, character: str, after: str) -> bool:
    """Tell whether a letter has the case of its neighbours, and whether a sign stands beside a word and not in it."""
    if character.isalpha():
        is_odd = character.isupper() and (before.islower() or (before.isupper() and after.islower()))
        return ord(character) <= LAST_LATIN_LETTER and character not in RARE and not is_odd
    is_inside = before.isalpha() and after.isalpha() and character not in APOSTROPHES
    return character in SIGNS and not is_inside
