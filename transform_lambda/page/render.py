"""ALERT: write the operator's page. In: its content. Out: one HTML file that needs nothing beside it.

Keys, columns and messages come from whoever uploads. So everything is escaped by the template engine, nothing on the
page is a script, and a policy in its head forbids the browser to run, load or send anything (style alone, by digest).
"""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from transform_lambda.page.shown import Content

FOLDER = Path(__file__).with_name("templates")


def render(content: Content) -> str:
    """Write the page."""
    style = (FOLDER / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # Our own file, in an element whose text is no markup: escaped it would not be CSS any more.
    return _environment().get_template("page.html").render(page=content, style=Markup(style), digest=digest)  # noqa: S704


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def visible(value: Any) -> Any:
    r"""Show what has no glyph, line breaks excepted: a sign that turns the writing direction would show another text.

    >>> visible("a\x00b\u202ec"), visible(3)
    ('a\\x00b\\u202ec', 3)
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(
        sign if sign.isprintable() or sign == "\n" else sign.encode("unicode_escape").decode() for sign in value
    )
