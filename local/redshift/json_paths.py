"""JSONPaths files of COPY: which element of a JSON value goes into which column. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-format.html#copy-json-jsonpaths
"""

from __future__ import annotations

import json
import re
from typing import Any

from local.redshift.errors import INTERNAL_ERROR, RedshiftError

Step = str | int
_BRACKETS = re.compile(r"\$(?:\[(?:'[^']*'|\d+)\])+")
_DOTS = re.compile(r"\$(?:\.[^.\[\]']+(?:\[\d+\])*)+")
_STEP = re.compile(r"\['([^']*)'\]|\[(\d+)\]|\.([^.\[\]']+)")


class PathError(Exception):
    """An array, or an element of it, that is not there."""


def read_paths(text: str) -> list[list[Step]] | None:
    """Return the paths of a JSONPaths file, None where its key is another than `jsonpaths` (COPY then takes 'auto').

    >>> read_paths('{"jsonpaths": ["$.id", "$[\\'a\\'][0]"]}')
    [['id'], ['a', 0]]

    Raises:
        RedshiftError: it is no JSON object, or a path is none.
    """
    try:
        paths = json.loads(text)
        found = paths.get("jsonpaths")
    except (ValueError, AttributeError) as error:
        raise RedshiftError(f"Invalid JSONPath format: {error}", INTERNAL_ERROR) from error
    return None if found is None else [_steps(path) for path in found]


def _steps(path: Any) -> list[Step]:
    if not isinstance(path, str) or not (_BRACKETS.fullmatch(path) or _DOTS.fullmatch(path)):
        raise RedshiftError(f"Invalid JSONPath format: {path!r}: brackets or dots, not both", INTERNAL_ERROR)
    return [int(place) if place else name or dotted for name, place, dotted in _STEP.findall(path)]


def found_at(value: Any, path: list[Step]) -> Any:
    """Return the element at a path, None where an object has none of that name.

    Raises:
        PathError: an element of an array is not there.
    """
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                raise PathError("Invalid JSONPath format: Not an array or index out of range.")
            value = value[step]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
