"""OPERATE: probes of tables: what a table takes, which names it may have, and how its columns are changed."""

from ingest_lambda.warehouse.failures import Failure
from landfall.verify.probe import Probe, fails_as, gives, refuses

_ALTER = "dg/r_ALTER_TABLE.html"
_WIDENED = (
    "alter table {schema}.{table} add column new_n bigint",
    "update {schema}.{table} set new_n = n",
    "alter table {schema}.{table} drop column n",
    "alter table {schema}.{table} rename column new_n to n",
)


def _widen(table: str) -> list[str]:
    return [sql.replace("{table}", table) for sql in _WIDENED]


PROBES = (
    Probe(
        "keys-not-enforced",
        "a primary key is not enforced",
        "dg/t_Defining_constraints.html",
        gives(
            "create table {schema}.t_key (k integer primary key)",
            "insert into {schema}.t_key values (1), (1)",
            "select count(*) from {schema}.t_key",
            rows=[(2,)],
        ),
    ),
    Probe(
        "not-null-enforced",
        "NOT NULL is enforced",
        "dg/t_Defining_constraints.html",
        refuses(
            "create table {schema}.t_required (k integer not null)",
            "insert into {schema}.t_required select cast(null as integer)",
            error="null",
            then=("select count(*) from {schema}.t_required", [(0,)]),
        ),
        "keys of modeled tables are never NULL",
    ),
    Probe(
        "names-folded",
        "names are lower case, quoted ones too",
        "dg/r_names.html",
        gives(
            'create table {schema}."T_Folded" ("Order Id" integer)',
            "select table_name, column_name from svv_columns "
            "where table_schema = '{schema}' and table_name = 't_folded'",
            rows=[("t_folded", "order id")],
        ),
        "columns of files are found in landing by their folded names",
    ),
    Probe(
        "names-of-127-bytes",
        "a name has up to 127 bytes",
        "dg/r_names.html",
        gives(
            f"create table {{schema}}.t_name (n{'a' * 126} integer)",
            "select len(column_name) from svv_columns where table_schema = '{schema}' and table_name = 't_name'",
            rows=[(127,)],
        ),
        "columns of files keep names of up to 127 bytes",
    ),
    Probe(
        "landing-table",
        "tables take DISTSTYLE EVEN, a sort key and ENCODE AUTO",
        "dg/r_CREATE_TABLE_NEW.html",
        gives(
            "create table {schema}.t_auto (n bigint, _load_seq bigint) diststyle even sortkey (_load_seq) encode auto",
            "create table if not exists {schema}.t_auto (n bigint)",
            "select count(*) from {schema}.t_auto",
            rows=[(0,)],
        ),
        "landing tables are made so",
    ),
    Probe(
        "widening",
        "a column is widened by ADD, UPDATE, DROP and RENAME in one transaction",
        _ALTER,
        gives(
            "create table {schema}.t_widened (n integer)",
            "insert into {schema}.t_widened values (7), (null)",
            _widen("t_widened"),
            "insert into {schema}.t_widened values (9000000000)",
            "select n from {schema}.t_widened order by n",
            rows=[(7,), (9000000000,), (None,)],
        ),
        "landing widens by itself where a file's type is wider",
    ),
    Probe(
        "widening-undone",
        "a transaction that fails takes its changes of columns back",
        _ALTER,
        fails_as(
            "create table {schema}.t_kept (n integer)",
            "insert into {schema}.t_kept values (7)",
            [*_widen("t_kept"), "insert into {schema}.t_missing values (1)"],
            failure=Failure.CATALOG_CHANGED,
            then=(
                "select data_type from svv_columns where table_schema = '{schema}' and table_name = 't_kept'",
                [("integer",)],
            ),
        ),
        "landing has the columns of the loads that committed",
    ),
    Probe(
        "one-column-a-statement",
        "ALTER TABLE adds one column a statement",
        _ALTER,
        refuses(
            "create table {schema}.t_added (n integer)",
            "alter table {schema}.t_added add column a integer, add column b integer",
            error="syntax|not supported",
        ),
    ),
    Probe(
        "text-lengthened",
        "ALTER COLUMN TYPE lengthens a VARCHAR outside of a transaction",
        _ALTER,
        gives(
            "create table {schema}.t_longer (v varchar(2))",
            "alter table {schema}.t_longer alter column v type varchar(8)",
            "insert into {schema}.t_longer values ('lengthen')",
            "select v from {schema}.t_longer",
            rows=[("lengthen",)],
        ),
    ),
    Probe(
        "text-lengthened-in-a-transaction",
        "ALTER COLUMN TYPE is refused in a transaction",
        _ALTER,
        refuses(
            "create table {schema}.t_amid (v varchar(2))",
            ["lock table {schema}.t_amid", "alter table {schema}.t_amid alter column v type varchar(8)"],
            error="transaction",
        ),
    ),
    Probe(
        "bound-view",
        "a column that a bound view stands on is not dropped",
        _ALTER,
        fails_as(
            "create table {schema}.t_bound (n integer, v varchar(8))",
            "create view {schema}.v_bound as select n from {schema}.t_bound",
            "alter table {schema}.t_bound drop column n",
            failure=Failure.IN_THE_WAY,
        ),
        "a file whose column cannot be widened is rejected, with the view's name",
    ),
    Probe(
        "key-column",
        "a column that rows are distributed by is not dropped, until they are not",
        "dg/c_ato-enabling-disabling-monitoring.html",
        fails_as(
            "create table {schema}.t_distributed (n integer, v varchar(8)) diststyle key distkey (n)",
            "alter table {schema}.t_distributed drop column n",
            failure=Failure.IN_THE_WAY,
        ),
        "a file whose column cannot be widened is rejected, and `landfall evolve` is its remedy",
    ),
    Probe(
        "key-column-freed",
        "ALTER DISTSTYLE EVEN and ALTER SORTKEY free a column, which is dropped then",
        "dg/c_ato-enabling-disabling-monitoring.html",
        gives(
            "create table {schema}.t_freed (n integer, _load_seq bigint) diststyle key distkey (n) sortkey (n)",
            "insert into {schema}.t_freed values (7, 1)",
            "alter table {schema}.t_freed alter diststyle even",
            "alter table {schema}.t_freed alter sortkey (_load_seq)",
            "alter table {schema}.t_freed drop column n",
            "select _load_seq from {schema}.t_freed",
            rows=[(1,)],
        ),
        "`landfall evolve` and what `landfall doctor` says do so",
    ),
)
