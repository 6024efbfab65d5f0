"""What Redshift lacks and PostgreSQL has, refused in Redshift's words.

In: one statement, masked. Out: nothing, or a RedshiftError. Pure. An emulator kinder than Redshift would hide bugs.
Source: https://docs.aws.amazon.com/redshift/latest/dg/c_redshift-and-postgres-sql.html and the pages under it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.redshift.brackets import closing
from local.redshift.ddl import ALTER_TABLE, CREATE_TABLE
from local.redshift.errors import ACTIVE_TRANSACTION, NOT_SUPPORTED, SYNTAX_ERROR, RedshiftError
from local.redshift.masking import IDENTIFIER, NAME, STRING, Masked, unquote, unquote_identifier
from local.redshift.names import IDENTIFIER_BYTES, KEPT_BYTES
from local.redshift.passwords import MD5_HASH, SHA256_HASH
from local.redshift.sql.values.decimals import hold_decimal
from local.redshift.sql.values.lengths import CHAR_BYTES, VARCHAR_BYTES


@dataclass(frozen=True)
class Refusal:
    """A pattern of masked SQL, and the error that Redshift gives for it."""

    pattern: re.Pattern[str]
    message: str
    sqlstate: str = NOT_SUPPORTED


def _refusal(pattern: str, message: str, sqlstate: str = NOT_SUPPORTED) -> Refusal:
    return Refusal(re.compile(pattern, re.IGNORECASE | re.DOTALL), message, sqlstate)


def _syntax(pattern: str, near: str) -> Refusal:
    return _refusal(pattern, f'syntax error at or near "{near}"', SYNTAX_ERROR)


# https://docs.aws.amazon.com/redshift/latest/dg/c_unsupported-postgresql-datatypes.html: JSON and its like, those of
# objects, ranges, network addresses and geometry, and what is no column's type in PostgreSQL either.
_UNSUPPORTED_TYPES = (
    r"json|jsonb|uuid|bytea|money|serial|bigserial|smallserial|xml|inet|cidr|macaddr|hstore|bit\s+varying|bit|tsvector"
    r"|tsquery|txid_snapshot|oid|regproc|regprocedure|regoper|regoperator|regclass|regtype|regrole|regnamespace"
    r"|regconfig|regdictionary|int4range|int8range|numrange|tsrange|tstzrange|daterange|point|line|lseg|box|path"
    r"|polygon|circle|anyelement|anyarray|anynonarray|anyenum|anyrange|cstring|internal|language_handler|fdw_handler"
    r"|tsm_handler|record|trigger|event_trigger|pg_ddl_command|void|opaque"
    r"|interval(?!\s+(?:year|month|day|hour|minute|second)\b)"
)

_PAGE = "https://docs.aws.amazon.com/redshift/latest/dg/"

REFUSALS: tuple[Refusal, ...] = (
    _refusal(r"^create\s+(?:unique\s+)?index\b", 'SQL command "create index" not supported on Redshift tables.'),
    _refusal(r"^(?:create|alter|drop)\s+sequence\b", 'SQL command "create sequence" not supported on Redshift tables.'),
    _refusal(r"^create\s+(?:type|domain|rule|extension|operator|aggregate|tablespace)\b", "command is not supported"),
    _refusal(r"^create\s+unlogged\b", "unlogged tables are not supported"),
    _refusal(r"\b(?:nextval|currval|setval)\s*\(", "sequences are not supported"),
    _refusal(r"^(?:savepoint|release\s+savepoint|rollback\s+to)\b", "savepoint is not supported"),
    _refusal(
        r"^alter\s+user\s+\S+\s+(?:with\s+)?(?:syslog\s+access\s+(?:un)?restricted\s+\S|\S.*\ssyslog\s+access\b)",
        "the local Redshift changes SYSLOG ACCESS of a user in a statement of its own",
    ),
    _refusal(
        r"\bcollate\s+case_insensitive\b",
        f"COLLATE CASE_INSENSITIVE is not offered by the local Redshift ({_PAGE}r_CREATE_TABLE_NEW.html)",
    ),
    _refusal(
        r"^(?:grant|revoke)\s+role\s+sys:(?!monitor\b)",
        f"system-defined roles but sys:monitor are not offered by the local Redshift ({_PAGE}r_roles-default.html)",
    ),
    _refusal(
        r"^analyze\s+compression\b",
        "ANALYZE COMPRESSION is not offered by the local Redshift, which compresses nothing "
        f"({_PAGE}r_ANALYZE_COMPRESSION.html)",
    ),
    _refusal(
        r"^create\s+external\s+(?:schema|table)\b",
        "a command of an external schema or table must be sent as a statement of its own",
    ),
    _refusal(
        r"^(?:create|alter|drop|attach|detach|show|desc)\s+(?:external|rls|masking|datashare|model|library)\b",
        "external functions, row-level security, masking, datashares, models and libraries are not offered by "
        f"the local Redshift ({_PAGE}c_SQL_commands.html)",
    ),
    _refusal(
        r"^(?:reset|show)\s+use\b(?!\s*\.)",
        f"USE, and so RESET USE and SHOW USE, is not offered by the local Redshift ({_PAGE}r_USE_command.html)",
    ),
    _refusal(
        r"^set\s+(?:session\s+|local\s+)?role\b",
        f"SET ROLE is not offered by the local Redshift: a user has what his roles grant ({_PAGE}t_Roles.html)",
    ),
    _refusal(r"^alter\s+system\b", f"ALTER SYSTEM is not offered by the local Redshift ({_PAGE}r_ALTER_SYSTEM.html)"),
    _syntax(
        rf"^create\s+(?:(?:local|temp|temporary)\s+)*table\s+(?:if\s+not\s+exists\s+)?{NAME}\s*\(\s*like\s[^()]*\)[^()]*"
        r"\b(?:diststyle|distkey|sortkey)\b",
        "like",
    ),
    _refusal(r"\bcheck\s*\(", "CHECK constraints are not supported"),
    _refusal(r"\blanguage\s+(?:plpythonu|plpython3u)\b", "Python user-defined functions can no longer be created"),
)
_COLUMN_OF_UNSUPPORTED_TYPE = re.compile(
    rf"(?:[(,]\s*|\badd\s+(?:column\s+)?)(?!column\b)(?P<name>[\w\x02\x04]+)\s+(?P<type>(?:{_UNSUPPORTED_TYPES})|\w+(?:\([\d,\s]+\))?\s*(?:\[\s*\])+)"
    r"(?=[\s,)(]|$)",
    re.IGNORECASE,
)
_SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema", "redshift"})  # the last is the front's own
_NAMES = rf"(?P<names>{NAME}(?:\s*,\s*{NAME})*)"
_ON_SCHEMA = re.compile(rf"(?:drop\s+schema\s+(?:if\s+exists\s+)?|alter\s+schema\s+){_NAMES}", re.IGNORECASE)
_IN_SCHEMA = re.compile(
    r"(?:(?:(?P<creates>create)|alter|drop)\s+(?:or\s+replace\s+|local\s+|temp(?:orary)?\s+|materialized\s+)*"
    r"(?:table|view|function|procedure)|truncate(?:\s+table)?)"
    rf"\s+(?:if\s+(?:not\s+)?exists\s+)?{_NAMES}",
    re.IGNORECASE,
)
_RESERVED_COLUMNS = frozenset({"oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})
_NOT_IN_TRANSACTION = re.compile(
    r"^(?P<command>vacuum|alter\s+table\s+\S+\s+alter\s+column\s+\S+\s+(?:set\s+data\s+)?type|alter\s+table\s+\S+\s+append"
    r"|create\s+database|drop\s+database|create\s+external\s+table)\b",
    re.IGNORECASE,
)
_LOGS_IN = re.compile(r"(?:create\s+(?:user|database)|alter\s+(?:user|database))\b", re.IGNORECASE)
_LENGTH = re.compile(
    r"\b(numeric|decimal|varchar|nvarchar|character\s+varying|char|nchar|bpchar|character)\s*\(\s*(\d+)(?:\s*,\s*(\d+))?",
    re.IGNORECASE,
)


def refuse_unsupported(code: str, masked: Masked, in_transaction: bool) -> None:
    """Refuse the statement if Redshift would.

    Args:
        code: the masked statement without comments.
        masked: holds the pieces behind `code`'s placeholders.
        in_transaction: whether a transaction block is open.

    Raises:
        RedshiftError: in Redshift's words.
    """
    for refusal in REFUSALS:
        if refusal.pattern.search(code):
            raise RedshiftError(refusal.message, refusal.sqlstate)
    _refuse_system_schemas(code, masked)
    _refuse_types(code, masked)
    _refuse_lengths(code)
    _refuse_password(code, masked)
    if in_transaction and (match := _NOT_IN_TRANSACTION.match(code)):
        command = " ".join(match["command"].upper().split())
        command = "ALTER TABLE ALTER COLUMN" if " TYPE" in command else command
        raise RedshiftError(f"{command} cannot run inside a transaction block", ACTIVE_TRANSACTION)


def refuse_names(code: str, masked: Masked) -> None:
    """Refuse names of users and databases that PostgreSQL would cut: one logs in by them.

    Raises:
        RedshiftError: there is one.
    """
    if not _LOGS_IN.match(code):
        return
    quoted = [piece[1:-1].replace('""', '"') for piece in masked.pieces if piece.startswith('"')]
    for name in quoted + re.findall(r"[^\W\d]\w*", code):
        if len(name.encode()) > KEPT_BYTES:
            kept = f"{KEPT_BYTES} bytes of a user or database; Redshift keeps {IDENTIFIER_BYTES}"
            raise RedshiftError(f'identifier "{name}" is longer than the local Redshift can keep ({kept})', "42622")


def _refuse_system_schemas(code: str, masked: Masked) -> None:
    """Refuse to change what the system's schemas hold, and them: a superuser could, and PostgreSQL would let him."""
    schemas, named = _ON_SCHEMA.match(code), _IN_SCHEMA.match(code)
    if schemas and _SYSTEM_SCHEMAS & {name[-1] for name in _names(schemas["names"], masked)}:
        raise RedshiftError("cannot drop or alter a schema that is required by the database system", "2BP01")
    if named and _SYSTEM_SCHEMAS & {name[-2] for name in _names(named["names"], masked) if len(name) > 1}:
        verb = "create" if named["creates"] else "change what is"
        raise RedshiftError(f"permission denied to {verb} in a schema of the system", "42501")


def _names(listed: str, masked: Masked) -> list[list[str]]:
    """Return the parts of each name of a list."""
    return [
        [unquote_identifier(masked.restore(part)) for part in re.findall(IDENTIFIER, name)]
        for name in listed.split(",")
    ]


def _refuse_types(code: str, masked: Masked) -> None:
    table = CREATE_TABLE.match(code) or ALTER_TABLE.match(code)
    if table:
        for match in _COLUMN_OF_UNSUPPORTED_TYPE.finditer(_defined(code)):
            name = ".".join(map(unquote_identifier, map(masked.restore, (table["name"], match["name"]))))
            type_ = " ".join(match["type"].lower().split())
            raise RedshiftError(f'Column "{name}" has unsupported type "{type_}".')
        for match in re.finditer(r"(?:[(,]\s*|\badd\s+(?:column\s+)?)([\w\x02\x04]+)\s+\w", code):
            name = unquote_identifier(masked.restore(match[1]))
            if name in _RESERVED_COLUMNS:
                raise RedshiftError(f'column name "{name}" conflicts with a system column name', "42701")


def _defined(code: str) -> str:
    """Return the columns that a CREATE TABLE defines, in brackets, '' where a query does; ALTER TABLE as it is."""
    table = CREATE_TABLE.match(code)
    if not table:
        return code
    columns = code[table.end() :].lstrip()
    return columns[: closing(columns, 0) + 1] if columns.startswith("(") else ""


def _refuse_lengths(code: str) -> None:
    """Hold VARCHAR, CHAR and DECIMAL to Redshift's largest.

    Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html, r_Numeric_types201.html
    """
    for match in _LENGTH.finditer(code):
        kind, length = match[1].lower(), int(match[2])
        if kind in ("numeric", "decimal"):
            hold_decimal(length, int(match[3] or 0))
        limit = CHAR_BYTES if kind in ("char", "character", "bpchar", "nchar") else VARCHAR_BYTES
        if kind not in ("numeric", "decimal") and length > limit:
            raise RedshiftError(f"length for type {kind} cannot exceed {limit}", "22023")


def _refuse_password(code: str, masked: Masked) -> None:
    """Hold passwords in clear to Redshift's rule: 8 to 64 characters, upper case, lower case and a digit among them.

    Hashes have the form that Redshift documents; whether a password has that hash is not asked.

    Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
    """
    if not re.match(r"(?:create|alter)\s+user\b", code, re.IGNORECASE):
        return
    match = re.search(rf"\bpassword\s+({STRING})", code, re.IGNORECASE)
    if not match:
        if re.match(r"create\b", code, re.IGNORECASE) and not re.search(r"\bpassword\s+disable\b", code, re.IGNORECASE):
            raise RedshiftError("CREATE USER needs PASSWORD", SYNTAX_ERROR)
        return
    password = unquote(masked.restore(match[1]))
    if MD5_HASH.fullmatch(password) or SHA256_HASH.fullmatch(password):
        return
    password = password.removeprefix("sha256|")
    if "|" in password:
        raise RedshiftError("a SHA-256 hash is sha256|digest|salt, each of them 64 hexadecimal digits", "22023")
    classes = all(re.search(pattern, password) for pattern in ("[a-z]", "[A-Z]", "[0-9]"))
    if not classes or not 8 <= len(password) <= 64 or re.search(r"['\"\\/@\s]", password):
        raise RedshiftError(
            "password must be 8 to 64 characters with an upper case letter, a lower case letter and a digit, "
            "without quotes, slashes, @ or spaces",
            "28P01",
        )
