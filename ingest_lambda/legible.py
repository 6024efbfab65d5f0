r"""What came out of a file, a key or a server, in words for people: on its line, and without power over a terminal.

In: any text. Out: the same with its control characters visible. Machines get it as it is. Pure.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable


def visible(text: str) -> str:
    r"""Make a text's control characters visible: line breaks, what commands a terminal, what turns the reading round.

    >>> print(visible("raw/a\nb\x1b[2Jc.parquet"))
    raw/a\nb\x1b[2Jc.parquet
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def page(lines: Iterable[str]) -> str:
    r"""Put lines together, of which none can pretend to be two.

    >>> print(page(["raw/a", "raw/b\nwhat to do: nothing"]))
    raw/a
    raw/b\nwhat to do: nothing
    """
    return "\n".join(map(visible, lines))


def quoted(text: str) -> str:
    r"""Quote a text for a shell, on one line; bash and zsh read what `$'...'` escapes: bytes, whatever the locale.

    >>> print(quoted("raw/it's.parquet"), quoted("raw/a\n'b\\"))
    'raw/it'"'"'s.parquet' $'raw/a\012\'b\\'
    """
    if text.isprintable():
        return shlex.quote(text)
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{''.join(each if each.isprintable() else _octal(each) for each in escaped)}'"


def _octal(text: str) -> str:
    r"""Escape the bytes of a text in UTF-8, as bash 3.2 too reads them.

    >>> print(_octal("\u202e"))
    \342\200\256
    """
    return "".join(f"\\{byte:03o}" for byte in text.encode(errors="surrogatepass"))
