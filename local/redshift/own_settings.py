"""Settings that are the local Redshift's own: no client sets them by the names that PostgreSQL has for them. Pure.

Other names of two parts are session context variables (https://docs.aws.amazon.com/redshift/latest/dg/r_SET_CONFIG.html).
"""

from __future__ import annotations

import re

from local.redshift.errors import RedshiftError
from local.redshift.masking import IDENTIFIER, Masked, unquote_identifier

PREFIX = "redshift."
_SETS = re.compile(
    rf"\b(?:set|reset)\s+(?:(?:session|local)\s+)?(?P<name>{IDENTIFIER}(?:\s*\.\s*{IDENTIFIER})*)", re.IGNORECASE
)


def refuse_own_settings(code: str, masked: Masked) -> None:
    """Refuse to set or reset one, in whichever statement: what the front goes by would change unseen.

    >>> from local.redshift.masking import mask
    >>> masked = mask('alter user u set "Redshift" . binding to on')
    >>> refuse_own_settings(masked.text, masked)
    Traceback (most recent call last):
    local.redshift.errors.RedshiftError: settings that begin with redshift. are the local Redshift's own

    Raises:
        RedshiftError: the statement sets one.
    """
    for match in _SETS.finditer(code):
        parts = re.split(r"\s*\.\s*", match["name"])
        name = ".".join(unquote_identifier(masked.restore(part)) for part in parts)
        if name.lower().startswith(PREFIX):  # PostgreSQL's names of settings have no case, in quotes neither
            raise RedshiftError(f"settings that begin with {PREFIX} are the local Redshift's own")
