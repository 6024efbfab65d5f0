"""Bodies of procedures and functions, which PostgreSQL runs as they are: what would differ in them is refused. Pure.

In: CREATE PROCEDURE or CREATE FUNCTION, masked. Out: nothing, or a RedshiftError that names what stands in the way. The
statements of a body are not translated: its variables are among their names, and of no type that a translation is told.
Source: https://docs.aws.amazon.com/redshift/latest/dg/c_PLpgSQL-structure.html
"""

from __future__ import annotations

import re

from local.redshift.errors import RedshiftError
from local.redshift.masking import STRING, Masked, mask, unquote, without_comments
from local.redshift.name_case import keeps_case
from local.redshift.settings import refuse_own_settings
from local.redshift.sql.functions import FUNCTIONS

_MAKES = re.compile(r"\s*create\s+(?:or\s+replace\s+)?(?:function|procedure)\b", re.IGNORECASE)
_BODY = re.compile(rf"\bas\s*(?P<body>{STRING})", re.IGNORECASE)
_CALLED = re.compile(r"(?<![\w.])([a-z_]\w*)\s*\(", re.IGNORECASE)
_ALIKE = frozenset({"coalesce", "nullif", "count", "max", "min", "abs"})
_COMPARED = r"(?:=|<>|!=|<=|>=|<|>)"
_DIFFERS = {
    "a division": re.compile("/"),
    "EXECUTE": re.compile(r"\bexecute\b", re.IGNORECASE),
    # the front has to see a change of it, and a name in a body means what the setting of the call says
    "a change of enable_case_sensitive_identifier": re.compile(
        r"\bset_config\s*\(|\breset\s+all\b|\bset\s+(?:session\s+|local\s+)?enable_case_sensitive_identifier\b",
        re.IGNORECASE,
    ),
    "DECIMAL without a precision": re.compile(r"\b(?:decimal|numeric|dec)\b(?!\s*\()", re.IGNORECASE),
    "a comparison of a text that is no column and no variable": re.compile(
        rf"(?:{STRING}|\))\s*{_COMPARED}\s*{STRING}|{STRING}\s*{_COMPARED}\s*(?:{STRING}|\w+\s*\()"
    ),
}
# `declare x varchar(9) = 'a';` sets a default, and compares nothing
_DECLARED = re.compile(r"\bdeclare\b.*?\bbegin\b", re.IGNORECASE | re.DOTALL)
_DEFAULT = re.compile(r"(\(\s*\d+\s*(?:,\s*\d+\s*)?\)(?:\s*not\s+null)?)\s*=", re.IGNORECASE)


def refuse_bodies(code: str, masked: Masked) -> None:
    """Refuse a procedure or function of whose body PostgreSQL would make something else.

    Raises:
        RedshiftError: its body holds what Redshift and PostgreSQL differ in.
    """
    match = _BODY.search(code) if _MAKES.match(code) else None
    if not match:
        return
    text = masked.restore(match["body"])
    body = text[text.index("$", 1) + 1 : text.rindex("$", 0, -1)] if text.startswith("$") else unquote(text)
    masked_body = mask(body)
    inner = _DECLARED.sub(lambda part: _DEFAULT.sub(r"\1 :=", part[0]), without_comments(masked_body.text))
    refuse_own_settings(inner, masked_body)
    found = [what for what, pattern in _DIFFERS.items() if pattern.search(inner)]
    names = [name.lower() for name in _CALLED.findall(inner)]
    found += [f"{name.upper()}()" for name in names if name in FUNCTIONS and _is_translated(name)]
    found += ["a name that keeps its case"] if keeps_case(masked_body) else []
    if found:
        raise RedshiftError(
            f"the local Redshift runs a body as PostgreSQL reads it, which would differ in {found[0]} "
            "(https://docs.aws.amazon.com/redshift/latest/dg/c_PLpgSQL-structure.html)"
        )


def _is_translated(name: str) -> bool:
    return bool(FUNCTIONS[name].template) and name not in _ALIKE
