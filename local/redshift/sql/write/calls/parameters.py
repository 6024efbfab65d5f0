"""CURRENT_SETTING, of the parameters that settings.tsv knows and of session context variables. Pure."""

from __future__ import annotations

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.masking import quote_literal, unquote
from local.redshift.settings import SETTINGS, find_setting
from local.redshift.sql import tree
from local.redshift.sql.functions import Function
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import VARCHAR
from local.redshift.sql.write.writer import Writer


def write_current_setting(writer: Writer, _function: Function, node: tree.Call) -> Typed:
    """CURRENT_SETTING('parameter'), or ('variable' [, error_if_undefined]), by FALSE NULL (r_CURRENT_SETTING)."""
    name, *flag = node.arguments
    if not isinstance(name, tree.Literal) or name.kind != "string":  # known when it runs
        fails_if_undefined = str(_is_true(flag[0])) if flag else "null"
        known = f"{_names(is_own=True)}, {_names(is_own=False)}"
        sql = f"pg_catalog.rs_current_setting(({writer.sql(name)})::varchar, {fails_if_undefined}, {known})"
        return Typed(sql, VARCHAR)
    asked = unquote(name.text)
    if "." in asked:
        fails = [f", {not _is_true(each)}" for each in flag]
        return Typed(f"pg_catalog.current_setting({quote_literal(asked)}{''.join(fails)})::varchar", VARCHAR)
    if flag:
        raise RedshiftError("error_if_undefined is of session context variables alone", "22023")
    return Typed(f"pg_catalog.current_setting({quote_literal(find_setting(asked).kept)})::varchar", VARCHAR)


def _names(is_own: bool) -> str:
    """Return the parameters that PostgreSQL keeps for the front, or those that it knows, as an array of SQL."""
    names = ",".join(sorted(name for name, setting in SETTINGS.items() if setting.is_own == is_own))
    return f"{quote_literal('{' + names + '}')}::text[]"


def _is_true(flag: tree.Expression) -> bool:
    if not isinstance(flag, tree.Literal) or flag.text.lower() not in ("true", "false"):
        raise RedshiftError("error_if_undefined is TRUE or FALSE", SYNTAX_ERROR)
    return flag.text.lower() == "true"
