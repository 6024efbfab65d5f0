"""Names of 64 to 127 bytes, which Redshift keeps and PostgreSQL would cut: what PostgreSQL calls them instead.

In: a name. Out: its first bytes and a digest of all of it (`physical`), and the way back (`true_name`, `true_names`).
The digest alone decides, so a name has one short name for ever and in every session. Which name a short one stands for
is kept in a file of the data folder that the digest names, for the front's next start and for the catalog
(prelude/15_names.sql); a name that was never used again stays there and does no harm.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_names.html
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from string import ascii_uppercase

from local.redshift.errors import RedshiftError

IDENTIFIER_BYTES, KEPT_BYTES = 127, 63
FOLDER = "redshift_names"  # in the data folder
_DIGITS = 16
_SUFFIX = re.compile(rb"_rs([0-9a-f]{%d})" % _DIGITS)
_SAFE_CHARACTERS = KEPT_BYTES // 4  # of a name that cannot have too many bytes
# Letters and _, and digits and $ too: spelled by the rest of ASCII, as `re` takes 8 ms for each set with a range up to
# U+10FFFF that ignores case, of which the rules here have more than a hundred.
BEGINS, GOES_ON = r"[^\x00-@\[-^`{-\x7f]", r"[^\x00-#%-/:-@\[-^`{-\x7f]"
"""A character with which a name begins that is not quoted, and one with which it goes on: any beyond ASCII
(https://docs.aws.amazon.com/redshift/latest/dg/r_names.html)."""
_LOWER = {ord(letter): letter.lower() for letter in ascii_uppercase}
_LONG_WORD = re.compile(rf'"(?:[^"]|"")+"|{BEGINS}{GOES_ON}{{{_SAFE_CHARACTERS},}}')


class Names:
    """The long names that this process has met."""

    def __init__(self) -> None:
        self._long: dict[bytes, tuple[bytes, bytes]] = {}  # the short and the true name, by digest
        self._folder: Path | None = None

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self._long)

    def keep_in(self, data: Path) -> None:
        """Keep names in a folder of the data folder, and know those that it holds."""
        self._folder, owner = data / FOLDER, data.stat()
        self._folder.mkdir(exist_ok=True, mode=0o700)
        os.chown(self._folder, owner.st_uid, owner.st_gid)
        for _, name in self._long.values():
            self._write(name.decode())
        for file in self._folder.iterdir():
            self.physical(file.read_text(encoding="utf-8"))

    def physical(self, name: str) -> str:
        """Return what PostgreSQL calls a name: itself, if PostgreSQL keeps it whole.

        Raises:
            RedshiftError: Redshift does not keep it either.
        """
        if len(name) <= _SAFE_CHARACTERS or (size := len(raw := name.encode())) <= KEPT_BYTES:
            return name
        if size > IDENTIFIER_BYTES:
            raise RedshiftError(f'identifier "{name}" is longer than {IDENTIFIER_BYTES} bytes', "42622")
        digest = _digest(name)
        head = raw[: KEPT_BYTES - _DIGITS - len("_rs")].decode(errors="ignore")
        short = f"{head}_rs{digest}"
        if digest.encode() not in self._long:
            self._write(name)
            self._long[digest.encode()] = (short.encode(), raw)
        return short

    def _write(self, name: str) -> None:
        if self._folder is None or (file := self._folder / _digest(name)).exists():
            return
        owner = self._folder.stat()  # PostgreSQL's user, who alone may read it
        draft = self._folder.with_suffix(".draft")  # beside it, where no name is looked for
        draft.write_text(name, encoding="utf-8")
        os.chown(draft, owner.st_uid, owner.st_gid)
        draft.rename(file)

    def true_names(self, text: bytes) -> bytes:
        """Return a text of PostgreSQL's with each short name in it as the name that it stands for."""
        for digest in set(_SUFFIX.findall(text)):
            if known := self._long.get(digest):
                text = text.replace(*known)
        return text


NAMES = Names()


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]


def physical(name: str) -> str:
    """Return what PostgreSQL calls a name, and know it from now on.

    >>> physical("orders"), len(physical("é" * 40).encode())
    ('orders', 63)
    >>> true_name(physical("x" * 127)) == "x" * 127
    True

    Raises:
        RedshiftError: Redshift does not keep it.
    """
    return NAMES.physical(name)


def true_name(name: str) -> str:
    """Return the name that PostgreSQL's name stands for."""
    return NAMES.true_names(name.encode()).decode() if NAMES and len(name) > _SAFE_CHARACTERS else name


def folded(name: str) -> str:
    """Fold ASCII letters, and only those, to lower case.

    >>> folded("Größe_ÄB")
    'größe_Äb'
    """
    return name.lower() if name.isascii() else name.translate(_LOWER)


def physical_words(code: str) -> str:
    """Return code, or a text that names things, with each of its words and quoted names as PostgreSQL calls them.

    >>> physical_words("'s.t'::regclass")
    "'s.t'::regclass"
    """
    return _LONG_WORD.sub(lambda match: _physical_word(match[0]), code)


def _physical_word(word: str) -> str:
    if word.startswith('"'):
        name = word[1:-1].replace('""', '"')
        short = physical(name)
        return word if short is name else '"' + short.replace('"', '""') + '"'
    return physical(folded(word)) if len(word.encode()) > KEPT_BYTES else word
