"""The commands of external schemas and tables as Redshift reads them, strict. Pure.

In: SQL. Out: a command, None for any other statement, or a RedshiftError.
Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html, r_CREATE_EXTERNAL_TABLE.html,
r_ALTER_TABLE.html, r_DROP_TABLE.html, r_DROP_SCHEMA.html
"""

from __future__ import annotations

import re

from local.redshift.brackets import split_commas
from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.external.command import (
    AddPartitions,
    Command,
    CreateSchema,
    DropPartition,
    DropSchema,
    DropTable,
    Unoffered,
)
from local.redshift.external.create_table import PAGE, Named, create_table, names, of_schema
from local.redshift.external.seen import EXTERNAL_NAMES, ExternalNames
from local.redshift.external.unoffered import FIRST_WORDS, unoffered
from local.redshift.masking import (
    IDENTIFIER,
    NAME,
    STRING,
    Masked,
    code_of,
    mask,
    unquote,
    without_comments,
)
from local.redshift.names import physical
from local.redshift.options import compile_options, read_options

_CREATES = re.compile(r"create\s+external\s+(schema|table)\b", re.IGNORECASE)
_CHANGES = re.compile(r"(?:alter|drop)\s+(?:table|schema)\b", re.IGNORECASE)
_MAKES = re.compile(
    rf"create\s+(?:or\s+replace\s+)?(?:materialized\s+)?(?:table|view)\s+(?:if\s+not\s+exists\s+)?(?P<name>{NAME})",
    re.I,
)
_FLAGS = re.IGNORECASE | re.DOTALL
_SCHEMA = re.compile(
    rf"create\s+external\s+schema\s+(?P<exists>if\s+not\s+exists\s+)?(?P<name>{IDENTIFIER})\s+from\s+(?P<options>.*)",
    _FLAGS,
)
_SCHEMA_OPTIONS = compile_options(
    (
        ("catalog", r"\s*data\s+catalog\b"),
        ("database", rf"\s*database\s+(?P<value>{STRING})"),
        ("region", rf"\s*region\s+(?P<value>{STRING})"),
        ("role", rf"\s*iam_role\s+(?P<value>{STRING}|default)"),
        ("creates", r"\s*create\s+external\s+database\s+if\s+not\s+exists\b"),
    )
)
_ALTER = re.compile(rf"alter\s+table\s+(?P<name>{NAME})\s+(?P<action>.*)", _FLAGS)
_VALUE = rf"(?:{STRING}|[+-]?(?:\d+(?:\.\d*)?|\.\d+))"  # one literal: the catalog keeps texts, and computes none
_KEY = rf"{IDENTIFIER}\s*=\s*{_VALUE}"
_KEYS = rf"\(\s*(?P<keys>{_KEY}(?:\s*,\s*{_KEY})*)\s*\)"
_ADD = re.compile(r"add\s+(?P<exists>if\s+not\s+exists\s+)?(?=partition\s*\()", re.I)
_ADDED = re.compile(rf"\s*partition\s*{_KEYS}\s*location\s+(?P<location>{STRING})", re.I)
_DROP = re.compile(r"drop\s+partition\b", re.I)
_DROPPED = re.compile(rf"drop\s+partition\s*{_KEYS}\s*", re.I)
_DROP_TABLE = re.compile(
    rf"drop\s+table\s+(?P<exists>if\s+exists\s+)?(?P<name>{NAME})(?:\s+(?:cascade|restrict))?", re.I
)
_DROP_SCHEMA = re.compile(
    rf"drop\s+schema\s+(?P<exists>if\s+exists\s+)?(?P<name>{IDENTIFIER})(?P<database>\s+drop\s+external\s+database)?"
    r"(?:\s+(?P<how>cascade|restrict))?",
    re.I,
)
_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/\S+")


def external_command(sql: str, known: ExternalNames = EXTERNAL_NAMES) -> Command | None:
    """Read a command of an external schema or table, None if `sql` is none.

    Args:
        sql: one statement.
        known: what external schemas are called; what names another one is no such command.

    Raises:
        RedshiftError: a syntax error, or what is not offered here.
    """
    code = code_of(sql)
    touches = known and (_CHANGES.match(code) or _MAKES.match(code) or FIRST_WORDS.match(code))
    if not (creates := _CREATES.match(code)) and not touches:
        return None
    masked = mask(sql)
    code = without_comments(masked.text).rstrip("; \n\t")
    if creates:
        return _create_schema(code, masked) if creates[1].lower() == "schema" else create_table(code, masked)
    if (match := _DROP_SCHEMA.fullmatch(code)) and physical(names(match["name"], masked)[-1]) in known:
        how = (match["how"] or "").lower() == "cascade"
        schema = physical(names(match["name"], masked)[-1])
        return DropSchema(schema, "DROP SCHEMA", bool(match["exists"]), bool(match["database"]), how)
    if match := _DROP_TABLE.fullmatch(code):
        schema, table, within = of_schema(match["name"], masked)
        exists = bool(match["exists"])
        return DropTable(schema, "DROP TABLE", table, exists, within=within) if schema in known else None
    if match := _ALTER.fullmatch(code):
        named = of_schema(match["name"], masked)
        return _alter(named, match["action"], masked) if named.schema in known else None
    return unoffered(code, masked, known)


def made_in(sql: str) -> str:
    """Return the schema in which a statement makes a table or view that is not external, '' where none is told."""
    match = _MAKES.match(code_of(sql))
    if not match:
        return ""
    return of_schema(match["name"], mask(sql))[0]


def _create_schema(code: str, masked: Masked) -> CreateSchema:
    match = _SCHEMA.fullmatch(code)
    if not match:
        raise RedshiftError("syntax error in CREATE EXTERNAL SCHEMA: expected name FROM DATA CATALOG ...", SYNTAX_ERROR)
    found = read_options(match["options"], masked, _SCHEMA_OPTIONS, lambda text: _not_offered(text, masked))
    if not found.get("database") or not found.get("role"):
        raise RedshiftError("CREATE EXTERNAL SCHEMA needs DATABASE and IAM_ROLE", SYNTAX_ERROR)
    role = found["role"] or ""
    if role == "default":
        raise RedshiftError("IAM_ROLE default is not offered by the local Redshift: name a role")
    if not _ROLE.fullmatch(role) or "," in role:
        raise RedshiftError(f"the local Redshift takes one role by its ARN, no chain and no SESSION: '{role}'")
    [name] = names(match["name"], masked)
    database, region = (found["database"] or "").lower(), found.get("region") or ""
    return CreateSchema(
        physical(name), "CREATE EXTERNAL SCHEMA", database, role, region, bool(match["exists"]), "creates" in found
    )


def _not_offered(text: str, masked: Masked) -> RedshiftError:
    word = masked.restore(text.strip()).split()[0].upper()
    return RedshiftError(
        f"CREATE EXTERNAL SCHEMA ... {word} is not offered by the local Redshift, which reads AWS Glue's catalog "
        f"({PAGE}r_CREATE_EXTERNAL_SCHEMA.html)"
    )


def _alter(named: Named, action: str, masked: Masked) -> Command:
    schema, table, within = named
    if match := _ADD.match(action):
        added, text = [], action[match.end() :]
        while text.strip():
            each = _ADDED.match(text)
            if not each:
                raise RedshiftError(
                    "syntax error in ADD PARTITION (column = value) LOCATION 's3://...': a value is one literal",
                    SYNTAX_ERROR,
                )
            added.append((_values(each["keys"], masked), unquote(masked.restore(each["location"]))))
            text = text[each.end() :]
        return AddPartitions(schema, "ALTER TABLE", table, tuple(added), bool(match["exists"]), within=within)
    if match := _DROPPED.fullmatch(action):
        return DropPartition(schema, "ALTER TABLE", table, _values(match["keys"], masked), within=within)
    if _DROP.match(action):
        raise RedshiftError("syntax error in DROP PARTITION (column = value): a value is one literal", SYNTAX_ERROR)
    offered = "ADD [IF NOT EXISTS] PARTITION and DROP PARTITION"
    reason = f"of an external table the local Redshift offers ALTER TABLE with {offered} ({PAGE}r_ALTER_TABLE.html)"
    return Unoffered(schema, "ALTER TABLE", reason, within=within)


def _values(text: str, masked: Masked) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in split_commas(text):
        name, _, value = item.partition("=")
        [column] = names(name, masked)
        if column in found:
            raise RedshiftError(f'the partition column "{column}" has two values', "42701")
        restored = masked.restore(value.strip())
        found[column] = unquote(restored) if restored.startswith("'") else restored
    return found
