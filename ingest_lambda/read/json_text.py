"""LAND: a JSON text that is read to its end, through a window.

In: the text in chunks. Out: what a grammar asks for: the next character that is no blank, the next value whole. Values
are Python's own (`json`), numbers as they are written; what stands between them is never skipped unread. So an array is
known to be whole by its bracket, and memory holds one value and one chunk, whatever the text's size.
https://www.rfc-editor.org/rfc/rfc8259.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.read.characters import as_bytes, is_whole, kept_bytes
from ingest_lambda.read.encodings import declaring, not_in_encoding
from ingest_lambda.reasons import Reason

LARGEST_VALUE = 16 << 20  # characters: beyond this, an unclosed bracket would swallow the file
MAX_SHOWN = 100
BLANKS = " \t\n\r"
BLANK = re.compile(f"[{BLANKS}]*")
TOO_LONG = (
    "write one object a record, and see that the file is whole; if its records stand below a field, declare that: "
    + declaring("json", "records: ...")
)
NUMBER_BEGINS = frozenset("-0123456789")
NUMBER = re.compile(r"[-+.0-9eE]+")


class NumberText(str):
    """A number as it is written."""

    __slots__ = ()


class JsonText:
    """A text that is read from value to value. `number` is that of the record in hand, for what is said of it."""

    def __init__(self, chunks: Iterator[str], encoding: str, decoder: json.JSONDecoder) -> None:
        self.number = 1
        self._decoder = decoder
        self._chunks = chunks
        self._encoding = encoding
        self._text = ""
        self._position = self._last = 0
        self._has_bytes = False  # that are no characters

    def peek(self) -> str:
        """Return the next character that is no blank; nothing at the end."""
        while True:
            found = self._text[self._position : self._position + 1]
            if found and found not in BLANKS:
                return found
            blank = BLANK.match(self._text, self._position)
            self._position = blank.end() if blank else self._position
            if self._position == len(self._text) and not self._more():
                return ""

    def takes(self, character: str) -> bool:
        """Go past a character if it is the next."""
        found = self.peek() == character
        self._position += found
        return found

    def expect(self, character: str, otherwise: str) -> None:
        """Go past a character.

        Raises:
            RejectedFileError: another is the next, or none; `otherwise` says what that means.
        """
        if not self.takes(character):
            self.refuse(otherwise)

    def value(self) -> Any:
        """Read the next value whole.

        Raises:
            RejectedFileError: there is none, or none that is JSON in UTF-8.
        """
        self.peek()
        while True:
            if self._ends_in_number() and self._more():  # perhaps it goes on
                continue
            try:
                found, end = self._decoder.raw_decode(self._text, self._position)
                break
            except json.JSONDecodeError as error:
                if self._left > LARGEST_VALUE:
                    self.refuse(f"a value has more than {LARGEST_VALUE} characters, or its end is missing", TOO_LONG)
                if not self._double():
                    self.refuse(f"it is not JSON: {error.msg}")
            except ValueError as error:
                self.refuse(str(error))
            except RecursionError:
                self.refuse("it is nested too deeply")
        if self._has_bytes and kept_bytes(self._text[self._position : end]):
            self._refuse_bytes(found)
        self._last, self._position = self._position, end
        return found

    def _ends_in_number(self) -> bool:
        if self._text[self._position : self._position + 1] not in NUMBER_BEGINS:
            return False
        number = NUMBER.match(self._text, self._position)
        return number is not None and number.end() == len(self._text)

    def refuse_last(self, detail: str) -> NoReturn:
        """Reject the text for the value that was just read.

        Raises:
            RejectedFileError: always.
        """
        self._position = self._last
        self.refuse(detail)

    def refuse(self, detail: str, remedy: str | None = None) -> NoReturn:
        """Reject the text for what is next.

        Raises:
            RejectedFileError: always.
        """
        while self._left < MAX_SHOWN and self._more():
            pass
        found = self._text[self._position : self._position + MAX_SHOWN]
        at_end = "" if found else " (the text ends here)"
        if kept_bytes(found):
            raise not_in_encoding(as_bytes(found), self._encoding, "json", row=self.number)
        detail = f"record {self.number}: {detail}{at_end}"
        raise RejectedFileError(Reason.UNREADABLE_DATA, detail, found=found, row=self.number, remedy=remedy)

    def _refuse_bytes(self, found: Any) -> NoReturn:
        """Reject a value that has bytes which are no characters; of an object, name the field."""
        fields = found.items() if isinstance(found, dict) else [(None, found)]
        for name, value in fields:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            if kept_bytes(name or "") or kept_bytes(text):
                sample = name if name and kept_bytes(name) else text
                raise not_in_encoding(as_bytes(sample), self._encoding, "json", column=name, row=self.number)
        raise AssertionError("a text with such bytes has them in a name or a value")

    @property
    def _left(self) -> int:
        return len(self._text) - self._position

    def _double(self) -> bool:
        """Widen the window so that a long value is not parsed again for every chunk of it."""
        wanted, before = min(2 * self._left, LARGEST_VALUE + 1), self._left
        while self._left < wanted and self._more():
            pass
        return self._left > before

    def _more(self) -> bool:
        """Take another chunk into the window, and what was read out of it."""
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._has_bytes = self._has_bytes or not is_whole(chunk)
        self._text, self._position = self._text[self._position :] + chunk, 0
        return True


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has a name twice")
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def strict_decoder(whole: Callable[[str], Any], fraction: Callable[[str], Any]) -> json.JSONDecoder:
    """Make a decoder that takes no NaN and no name twice, and makes what it is told of numbers."""
    return json.JSONDecoder(parse_int=whole, parse_float=fraction, parse_constant=_refuse, object_pairs_hook=_distinct)


AS_WRITTEN = strict_decoder(NumberText, NumberText)
