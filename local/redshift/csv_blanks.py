"""White space between a delimiter and a field's quotation marks, which COPY of CSV passes over. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-format.html#copy-csv
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from local.redshift.copy_text import TextOptions


def without_blanks(lines: Iterator[str], options: TextOptions) -> Iterator[str]:
    r"""Yield lines of CSV without that white space; in quotation marks, and of fields without them, all of it stays.

    >>> list(without_blanks(iter(['1, "x ""y"" , z" , "u\n', 'v" ,\tw\n']), TextOptions()))
    ['1,"x ""y"" , z","u\n', 'v",\tw\n']
    """
    quote, delimiter = re.escape(options.quote), re.escape(options.delimiter)
    blanks = " \t".replace(options.delimiter, "")
    opens = re.compile(rf"[{blanks}]*{quote}")
    inside = re.compile(rf"(?:[^{quote}]|{quote}{quote})*")
    ends = re.compile(rf"{quote}[{blanks}]*(?=[{delimiter}\r\n]|$)")
    rest = re.compile(rf"[^{delimiter}]*(?:{delimiter}|$)")
    is_open = False
    for line in lines:
        if options.quote not in line:
            yield line
            continue
        kept, place = "", 0
        while place < len(line):
            if not is_open and (opening := _found(opens, line, place)):
                kept += options.quote
                place += len(opening)
                is_open = True
            if is_open:
                text = _found(inside, line, place)
                kept += text
                place += len(text)
                if place == len(line):
                    break
                is_open = False
                if end := _found(ends, line, place):
                    kept += options.quote
                    place += len(end)
            following = _found(rest, line, place)
            kept += following
            place += len(following)
        yield kept


def _found(pattern: re.Pattern[str], line: str, place: int) -> str:
    match = pattern.match(line, place)
    return match[0] if match else ""
