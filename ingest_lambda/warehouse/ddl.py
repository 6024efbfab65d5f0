"""LAND: the statements that make a dataset's tables and change them, and read what they are. Pure."""

# ruff: noqa: S608 - building SQL is this module's purpose; names go through `identifier`, texts through `literal`

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ingest_lambda.warehouse.sqltypes import SqlType
from ingest_lambda.warehouse.statements import (
    CLOCK_FACT,
    DROPPED_SEQ,
    FILE_FACTS,
    LOAD_FACTS,
    METADATA_COLUMNS,
    OURS,
    PATH_FACT,
    UNDONE_SEQ,
    Column,
    Widening,
    declared,
    identifier,
    literal,
    table,
)

# As `svv_columns` spells the types that landing makes, or somebody else
# (https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html); others are called by that name already.
CATALOG_NAMES = {
    "CHAR": "character",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "DECIMAL": "numeric",
    "REAL": "real",
    "DOUBLE PRECISION": "double precision",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time without time zone",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMPTZ": "timestamp with time zone",
    "VARCHAR": "character varying",
    "VARBYTE": "binary varying",
    "SUPER": "super",
}


SORT_KEY = "_load_seq"


def lock_bootstrap() -> str:
    """Serialise the creation of tables: `CREATE TABLE IF NOT EXISTS` alone can fail when two run it at once."""
    return "lock table lock._bootstrap"


def create_landing(dataset: str, columns: Iterable[Column], *, if_missing: bool = True) -> str:
    """Create `landing.<dataset>`: the file's columns, then the metadata. What is new is a range of the sort key.

    DISTSTYLE EVEN, since AUTO may choose any column as the key by itself, and a key cannot be dropped, as a column must
    be that takes another type (docs/decisions/0008).
    https://docs.aws.amazon.com/redshift/latest/dg/t_Creating_tables.html
    """
    data = [f"{identifier(column.name)} {column.type}" for column in columns]
    return (
        f"create table {'if not exists ' if if_missing else ''}{table('landing', dataset)} "
        f"({', '.join([*data, declared(METADATA_COLUMNS)])}) "
        f"diststyle even sortkey ({SORT_KEY}) encode auto"
    )


def create_ledger(dataset: str) -> str:
    """Create `ledger.<dataset>`: one row per file version, never deleted."""
    facts = (*FILE_FACTS, *LOAD_FACTS, PATH_FACT, UNDONE_SEQ, CLOCK_FACT)
    return f"create table if not exists {table('ledger', dataset)} ({declared(facts)})"


def create_lock(dataset: str) -> str:
    """Create `lock.<dataset>`: the dataset's mutex and its counter, and which number dropped the dataset last."""
    return f"create table if not exists {table('lock', dataset)} (load_seq bigint not null, {declared([DROPPED_SEQ])})"


def seed_lock(dataset: str) -> str:
    """Start the counter at 0, once."""
    counter = table("lock", dataset)
    return f"insert into {counter} (load_seq) select 0 where not exists (select 1 from {counter})"


def add_column(dataset: str, column: Column) -> str:
    """Add a column to `landing.<dataset>`; Redshift adds one a statement."""
    return f"alter table {table('landing', dataset)} add column {identifier(column.name)} {column.type}"


def select_columns(dataset: str) -> str:
    """Read the columns of `landing.<dataset>` and `ledger.<dataset>`; no row of a table that does not exist.

    https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html
    """
    return (
        "select table_schema, column_name, data_type, character_maximum_length, numeric_precision, numeric_scale "
        f"from svv_columns where table_schema in ('landing', 'ledger') and table_name = {literal(dataset)} "
        "order by ordinal_position"
    )


def count_rows(dataset: str, columns: Iterable[str] = ()) -> str:
    """Count the rows of `landing.<dataset>`, and the values of `columns`, as `values_0`, `values_1` and so on.

    >>> count_rows("orders", ["n"])
    'select count(*) as row_count, count("n") as values_0 from landing."orders"'
    """
    values = [f"count({identifier(column)}) as values_{number}" for number, column in enumerate(columns)]
    return f"select {', '.join(['count(*) as row_count', *values])} from {table('landing', dataset)}"


def select_landed_datasets() -> str:
    """List the datasets that have a landing table and a ledger; one that was dropped has the ledger alone.

    https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TABLES.html
    """
    return (
        "select table_name as dataset from svv_tables where table_schema in ('landing', 'ledger') "
        "group by table_name having count(*) = 2 order by table_name"
    )


def select_dependents(dataset: str) -> str:
    """List the views that are bound to `landing.<dataset>`, which an error text need not name.

    https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_TABLE.html, "Finding dependent objects".
    """
    return (
        "select distinct view_schema.nspname as view_schema, bound.relname as view_name from pg_depend as depend "
        "inner join pg_rewrite as rule on rule.oid = depend.objid "
        "inner join pg_class as bound on bound.oid = rule.ev_class "
        "inner join pg_namespace as view_schema on view_schema.oid = bound.relnamespace "
        "inner join pg_class as landed on landed.oid = depend.refobjid "
        "inner join pg_namespace as landed_schema on landed_schema.oid = landed.relnamespace "
        f"where landed_schema.nspname = 'landing' and landed.relname = {literal(dataset)} "
        "and bound.oid <> landed.oid order by 1, 2"
    )


def select_keys() -> str:
    """List the columns of landing tables that Redshift would not drop, being keys that landing did not make.

    https://docs.aws.amazon.com/redshift/latest/dg/r_PG_TABLE_DEF.html tells the same, of tables in the search path.
    """
    return (
        "select landed.relname as dataset, key_column.attname as column_name, key_column.attisdistkey as is_distkey "
        "from pg_attribute as key_column inner join pg_class as landed on landed.oid = key_column.attrelid "
        "inner join pg_namespace as landed_schema on landed_schema.oid = landed.relnamespace "
        "where landed_schema.nspname = 'landing' and landed.relkind = 'r' and key_column.attnum > 0 "
        "and not key_column.attisdropped and (key_column.attisdistkey "
        f"or (key_column.attsortkeyord <> 0 and key_column.attname <> {literal(SORT_KEY)})) order by 1, 2"
    )


def free_key(dataset: str, key: str) -> str:
    """Distribute or sort `landing.<dataset>` as it was made, so that no column of files is its `key` any more.

    https://docs.aws.amazon.com/redshift/latest/dg/c_ato-enabling-disabling-monitoring.html

    >>> free_key("orders", "distkey")
    'alter table landing."orders" alter diststyle even'
    >>> free_key("orders", "sortkey")
    'alter table landing."orders" alter sortkey (_load_seq)'
    """
    as_made = "diststyle even" if key == "distkey" else f"sortkey ({SORT_KEY})"
    return f"alter table {table('landing', dataset)} alter {as_made}"


def check_types(dataset: str, columns: Iterable[Column]) -> list[str]:
    """Fail, dividing by zero, unless the columns have these types; for a transaction that holds the dataset's mutex.

    A load plans on columns that it remembers. What somebody has changed meanwhile (another load widened one, an
    operator chose a type) could cut or round values silently, so a load looks once more where they are used. The
    catalog is asked alone: Redshift restricts queries that read it together with users' tables
    (https://docs.aws.amazon.com/redshift/latest/dg/c_join_PG.html). A point ends each name, since texts are compared
    without their trailing blanks, and `total ` is another column than `total`
    (https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html#r_Character_types-significance-of-trailing-blanks).

    >>> from ingest_lambda.warehouse.sqltypes import BIGINT
    >>> [check] = check_types("orders", [Column("id", BIGINT), Column("n", BIGINT)])
    >>> check[check.index("and (("):]
    "and ((data_type = 'bigint' and column_name || '.' in ('id.', 'n.')))"
    """
    names: dict[SqlType, list[str]] = defaultdict(list)
    for column in columns:
        names[column.type].append(literal(f"{column.name}."))
    if not names:
        return []
    count = sum(map(len, names.values()))
    as_planned = " or ".join(
        f"({_has_type(type_)} and column_name || '.' in ({', '.join(of_type)}))" for type_, of_type in names.items()
    )
    return [
        f"select 1 / case when count(*) = {count} then 1 else 0 end as as_planned from svv_columns "
        f"where table_schema = 'landing' and table_name = {literal(dataset)} and ({as_planned})"
    ]


def _has_type(type_: SqlType) -> str:
    name = f"data_type = {literal(CATALOG_NAMES.get(type_.name, type_.name.lower()))}"
    if type_.name == "DECIMAL":
        precision, scale = type_.arguments
        return f"{name} and numeric_precision = {precision} and numeric_scale = {scale}"
    if type_.name in ("VARCHAR", "CHAR"):
        return f"{name} and character_maximum_length = {type_.arguments[0]}"
    return name


def widen_columns(dataset: str, widenings: Sequence[Widening]) -> list[str]:
    """Give columns of `landing.<dataset>` wider types, for a transaction that has checked the types they have.

    `ALTER COLUMN TYPE` cannot stand in a transaction and only lengthens VARCHAR, so each column is added anew, filled,
    dropped and renamed (https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html). It stands last afterwards,
    which nobody notices: landing is read and written by name.

    >>> from ingest_lambda.warehouse.sqltypes import BIGINT, INTEGER
    >>> for statement in widen_columns("orders", [Widening("n", INTEGER, BIGINT)]):
    ...     print(statement)
    alter table landing."orders" add column "_landfall_widening_0" BIGINT
    update landing."orders" set "_landfall_widening_0" = cast("n" as BIGINT)
    alter table landing."orders" drop column "n"
    alter table landing."orders" rename column "_landfall_widening_0" to "n"
    """
    if not widenings:
        return []
    landing = table("landing", dataset)
    columns = [(identifier(f"{OURS}widening_{number}"), widening) for number, widening in enumerate(widenings)]
    filled = ", ".join(f"{new} = cast({identifier(old.column)} as {old.into})" for new, old in columns)
    return [
        *(f"alter table {landing} add column {new} {old.into}" for new, old in columns),
        f"update {landing} set {filled}",
        *(f"alter table {landing} drop column {identifier(old.column)}" for _, old in columns),
        *(f"alter table {landing} rename column {new} to {identifier(old.column)}" for new, old in columns),
    ]


def retype_columns(dataset: str, retypings: Sequence[Widening]) -> list[str]:
    """Give columns of `landing.<dataset>` that hold nothing but NULLs other types; it fails where one holds a value.

    For a transaction that holds the dataset's mutex.

    >>> from ingest_lambda.warehouse.sqltypes import BIGINT, VARCHAR
    >>> for statement in retype_columns("orders", [Widening("n", VARCHAR, BIGINT)]):
    ...     print(statement)
    select 1 / case when count("n") = 0 then 1 else 0 end as still_empty from landing."orders"
    alter table landing."orders" drop column "n"
    alter table landing."orders" add column "n" BIGINT
    """
    if not retypings:
        return []
    landing = table("landing", dataset)
    values = " + ".join(f"count({identifier(change.column)})" for change in retypings)
    changes = (
        (f"drop column {identifier(change.column)}", f"add column {identifier(change.column)} {change.into}")
        for change in retypings
    )
    return [
        f"select 1 / case when {values} = 0 then 1 else 0 end as still_empty from {landing}",
        *(f"alter table {landing} {step}" for change in changes for step in change),
    ]
