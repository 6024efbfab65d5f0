"""The parameters that SET, RESET and SHOW know, read from settings.tsv. Every other is refused. Pure.

In: a statement that sets, resets or shows one, masked. Out: the same as PostgreSQL reads it, or a RedshiftError. A name
of two parts is a session context variable's (https://docs.aws.amazon.com/redshift/latest/dg/r_SET.html).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from local.redshift.errors import NOT_SUPPORTED, RedshiftError
from local.redshift.masking import IDENTIFIER, STRING, Masked, quote_literal, unquote, unquote_identifier

TABLE = Path(__file__).with_name("settings.tsv")
PREFIX = "redshift."  # of what PostgreSQL keeps for the front; no client sets it by that name
_REFERENCE = "https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html"
_NAMED = rf"(?P<name>{IDENTIFIER}(?:\s*\.\s*{IDENTIFIER})*)"
_PARAMETER = re.compile(
    r"^(?P<before>\s*(?:(?:alter\s+user\s+\S+\s+)?(?P<verb>set|reset|show)"
    r"|create\s+(?:or\s+replace\s+)?procedure\b.*?\s(?P<clause>set)))"
    rf"\s+(?:session\s+(?!authorization\b|characteristics\b)|(?P<local>local\s+)(?!session\b))?{_NAMED}\s*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
# Forms of their own; SESSION and LOCAL where they are not words ahead of a name.
_FORMS = frozenset({"all", "local", "names", "session", "time", "transaction"})
_VALUE = re.compile(rf"(?:to\b|=)\s*(?P<value>{STRING}|[+-]?[\w.$]+|[\x02\x04\w\"]+)", re.IGNORECASE)
_NAMES_OWN = re.compile(rf"\b(?:set|reset|show)\s+(?:(?:session|local)\s+)?{_NAMED}", re.IGNORECASE)
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_ISOLATION = r"isolation\s+level\s+(?:serializable|read\s+committed|read\s+uncommitted|repeatable\s+read|snapshot)"
_SETS_ISOLATION = re.compile(
    rf"^\s*set\s+(?:(?P<session>session\s+characteristics\s+as)\s+)?transaction\s+(?:{_ISOLATION}\s*,?\s*)+(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table: its columns are explained there."""

    name: str
    values: str
    default: str
    is_own: bool
    page: str

    @property
    def kept(self) -> str:
        """The name that PostgreSQL knows it by."""
        return PREFIX + self.name if self.is_own else self.name


def read_settings() -> dict[str, Setting]:
    """Return the parameters by name."""
    with TABLE.open(newline="") as table:
        rows = [row for row in csv.reader(table, delimiter="\t", quoting=csv.QUOTE_NONE) if not row[0].startswith("#")]
    return {
        name: Setting(name, values, default, keeper == "front", page) for name, values, default, keeper, page in rows
    }


SETTINGS = read_settings()


def own_defaults() -> dict[str, str]:
    """Return what PostgreSQL lacks, under the names that it keeps them by, as they are by default."""
    return {setting.kept: setting.default for setting in SETTINGS.values() if setting.is_own}


def find_setting(name: str) -> Setting:
    """Return the parameter of a name, whatever its case.

    Raises:
        RedshiftError: Redshift has none of it that a page tells of.
    """
    setting = SETTINGS.get(name.lower())
    if setting is None:
        raise RedshiftError(f'unrecognized configuration parameter "{name}"', "42704", f"see {_REFERENCE}")
    return setting


def refuse_own_settings(code: str, masked: Masked) -> None:
    """Refuse to set or reset what the front goes by, in whichever statement: it would change unseen.

    >>> from local.redshift.masking import mask
    >>> masked = mask('alter user u set "Redshift" . binding to on')
    >>> refuse_own_settings(masked.text, masked)
    Traceback (most recent call last):
    local.redshift.errors.RedshiftError: settings that begin with redshift. are the local Redshift's own

    Raises:
        RedshiftError: the statement sets one.
    """
    for match in _NAMES_OWN.finditer(code):
        if _name(match["name"], masked).lower().startswith(PREFIX):  # PostgreSQL's names of settings have no case
            raise RedshiftError(f"settings that begin with {PREFIX} are the local Redshift's own")


def rewrite_setting(code: str, masked: Masked) -> str:
    """Return a statement about a parameter as PostgreSQL reads it; anything else comes back unchanged.

    >>> from local.redshift.masking import mask
    >>> rewrite_setting("show query_group", mask(""))
    'show redshift.query_group'
    >>> rewrite_setting("set local wlm_query_slot_count to 3", mask(""))
    'set local redshift.wlm_query_slot_count to 3'
    >>> rewrite_setting("set session characteristics as transaction isolation level read committed", mask(""))
    'set default_transaction_isolation to default'

    Raises:
        RedshiftError: there is no such parameter, it is not offered but at its default, or it has no such value.
    """
    if isolation := _SETS_ISOLATION.match(code):
        return _without_isolation(isolation)
    match = _PARAMETER.match(code)
    if not match:
        return code
    verb = (match["verb"] or match["clause"]).lower()
    name = _name(match["name"], masked)
    if name.lower() in _FORMS:
        return _show_all() if verb == "show" and name.lower() == "all" else code
    if "." in name:
        _hold_variable(match["name"], masked)
        return code
    setting = find_setting(name)
    if setting.values == "read" and verb != "show":
        raise RedshiftError(f'parameter "{setting.name}" cannot be changed in the local Redshift', "55P02")
    if verb == "set" and (value := _VALUE.match(match["rest"])):
        _hold(setting, _text(value["value"], masked))
        if setting.name == "default_transaction_isolation":  # all levels are the database's own (r_BEGIN)
            return f"{match['before']} {match['local'] or ''}{setting.kept} to default"
    return f"{match['before']} {match['local'] or ''}{setting.kept} {match['rest']}".rstrip()


def _hold_variable(name: str, masked: Masked) -> None:
    """Hold a session context variable to a name of two parts, neither of which is quoted (r_SET)."""
    if name.count(".") != 1 or "\x02" in name:
        raise RedshiftError(f'invalid name of a session context variable: "{masked.restore(name)}"', "42602")


def _without_isolation(match: re.Match[str]) -> str:
    """Return what sets the modes of transactions without their isolation, which has no operational impact (r_BEGIN)."""
    if match["rest"].strip("; \t\r\n"):
        return f"set {match['session'] or ''} transaction {match['rest']}"
    return f"set {'' if match['session'] else 'local '}default_transaction_isolation to default"


def _show_all() -> str:
    """Return what tells all that SET can change (https://docs.aws.amazon.com/redshift/latest/dg/r_SHOW.html)."""
    shown = (setting for setting in SETTINGS.values() if setting.page.startswith(("r_", "max_", "super-")))
    rows = [
        f"({quote_literal(setting.name)}::varchar, pg_catalog.current_setting({quote_literal(setting.kept)})::varchar)"
        for setting in shown
        if setting.name not in ("seed", "session_authorization")
    ]
    return f"select * from (values {', '.join(rows)}) as shown (name, setting)"  # noqa: S608 - quoted


def _hold(setting: Setting, value: str) -> None:
    """Hold a value to what the parameter's page lists."""
    kind, *limits = setting.values.split()
    if value.lower() == "default" or kind == "any":
        return
    if kind == "default":
        same = next((words for words in (_TRUE, _FALSE) if setting.default in words), (setting.default,))
        if value.lower() not in same:
            raise RedshiftError(
                f"{setting.name} has but its default in the local Redshift "
                f"(https://docs.aws.amazon.com/redshift/latest/dg/{setting.page}.html)",
                NOT_SUPPORTED,
            )
    elif kind == "boolean":
        boolean(setting.name, value)
    elif kind == "one":
        if value.lower() not in limits[1:]:
            raise RedshiftError(f'invalid value for parameter "{setting.name}": "{value}"', "22023")
    else:
        _hold_number(setting, value, kind, *map(float, limits))


def _hold_number(setting: Setting, value: str, kind: str, least: float, most: float) -> None:
    form = r"[+-]?\d+" if kind == "integer" else r"[+-]?(?:\d+\.?\d*|\.\d+)"
    if not re.fullmatch(form, value.strip()):
        raise RedshiftError(f'parameter "{setting.name}" requires a numeric value', "22023")
    if not least <= float(value) <= most:
        raise RedshiftError(
            f'{value} is outside the valid range for parameter "{setting.name}" ({least:.0f} .. {most:.0f})', "22023"
        )


def is_on(value: str, words: tuple[str, ...] = _TRUE) -> bool:
    """Tell whether a Boolean is true: its words may be cut short, but an `o` is neither on nor off.

    >>> is_on("on"), is_on("TR"), is_on("off"), is_on("o"), is_on("")
    (True, True, False, False, False)
    """
    return value.lower() not in ("", "o") and any(word.startswith(value.lower()) for word in words)


def boolean(name: str, value: str) -> bool:
    """Return what a Boolean parameter is set to.

    Raises:
        RedshiftError: it is no Boolean.
    """
    if is_on(value) == is_on(value, _FALSE):
        raise RedshiftError(f'parameter "{name}" requires a Boolean value', "22023")
    return is_on(value)


def _name(name: str, masked: Masked) -> str:
    return ".".join(unquote_identifier(masked.restore(part)) for part in re.split(r"\s*\.\s*", name))


def _text(value: str, masked: Masked) -> str:
    """Return a value without its quotes."""
    text = masked.restore(value)
    if text.startswith("'"):
        return unquote(text)
    return unquote_identifier(text) if text.startswith('"') else text
