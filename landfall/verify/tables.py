"""OPERATE: probes of tables, views and the catalog: what can be made, changed and asked about them."""

from ingest_lambda.warehouse.failures import Failure
from landfall.verify.probe import Probe, fails_as, gives, refuses

_ALTER = "dg/r_ALTER_TABLE.html"
_VIEW = "dg/r_CREATE_VIEW.html"
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
    Probe(
        "late-binding-view",
        "a view WITH NO SCHEMA BINDING may be made before its table, and outlives one that is made anew",
        _VIEW,
        gives(
            "create view {schema}.v_late as select n from {schema}.t_late with no schema binding",
            "create table {schema}.t_late (n integer)",
            "drop table {schema}.t_late",
            "create table {schema}.t_late (n integer)",
            "insert into {schema}.t_late values (7)",
            "select n from {schema}.v_late",
            rows=[(7,)],
        ),
        "staging and quarantine are such views",
    ),
    Probe(
        "renamed-under-a-view",
        "a late-binding view reads the table that has the name now",
        _VIEW,
        gives(
            "create table {schema}.t_swapped (n integer)",
            "create view {schema}.v_swapped as select n from {schema}.t_swapped with no schema binding",
            "create table {schema}.t_swapped_new as select 7 as n",
            [
                "alter table {schema}.t_swapped rename to t_swapped_old",
                "alter table {schema}.t_swapped_new rename to t_swapped",
            ],
            "select n from {schema}.v_swapped",
            rows=[(7,)],
        ),
        "dbt puts a new table in the place of an old one",
    ),
    Probe(
        "view-definitions",
        "PG_GET_VIEWDEF gives the query of a view, and changes when the view does",
        "dg/r_CREATE_VIEW.html",
        gives(
            "create view {schema}.v_defined as select 1 as n from {schema}.t_missing with no schema binding",
            "select strpos(lower(pg_get_viewdef(c.oid)), 't_missing') > 0 from pg_class as c "
            "inner join pg_namespace as s on s.oid = c.relnamespace "
            "where s.nspname = '{schema}' and c.relname = 'v_defined'",
            rows=[(True,)],
        ),
        "views that stand as they were built are left alone",
    ),
    Probe(
        "dependents",
        "the catalog names the views that are bound to a table",
        "dg/r_DROP_TABLE.html",
        gives(
            "create table {schema}.t_named (n integer)",
            "create view {schema}.v_named as select n from {schema}.t_named",
            "select distinct bound.relname from pg_depend as depend "
            "inner join pg_rewrite as rule on rule.oid = depend.objid "
            "inner join pg_class as bound on bound.oid = rule.ev_class "
            "inner join pg_class as landed on landed.oid = depend.refobjid "
            "inner join pg_namespace as s on s.oid = landed.relnamespace "
            "where s.nspname = '{schema}' and landed.relname = 't_named' and bound.oid <> landed.oid",
            rows=[("v_named",)],
        ),
        "a file whose column cannot be widened is rejected, with the view's name",
    ),
    Probe(
        "names-of-types",
        "SVV_COLUMNS names types as Landfall reads them",
        "dg/r_SVV_COLUMNS.html",
        gives(
            "create table {schema}.t_types (a boolean, b smallint, c integer, d bigint, e decimal(9,2), f real, "
            "g double precision, h date, i time, j timestamp, k timestamptz, l varchar(9), m char(3), n varbyte(9), "
            "o super)",
            "select data_type from svv_columns where table_schema = '{schema}' and table_name = 't_types' "
            "order by ordinal_position",
            rows=[
                ("boolean",),
                ("smallint",),
                ("integer",),
                ("bigint",),
                ("numeric",),
                ("real",),
                ("double precision",),
                ("date",),
                ("time without time zone",),
                ("timestamp without time zone",),
                ("timestamp with time zone",),
                ("character varying",),
                ("character",),
                ("binary varying",),
                ("super",),
            ],
        ),
        "a load makes sure that landing's columns are those that it was planned for",
    ),
    Probe(
        "merge",
        "MERGE updates the rows that match, and inserts the others",
        "dg/r_MERGE.html",
        gives(
            "create table {schema}.t_merged (k integer, v varchar(8))",
            "insert into {schema}.t_merged values (1, 'old'), (2, 'kept')",
            "create table {schema}.t_new (k integer, v varchar(8))",
            "insert into {schema}.t_new values (1, 'new'), (3, 'first')",
            "merge into {schema}.t_merged using {schema}.t_new as fresh on {schema}.t_merged.k = fresh.k "
            "when matched then update set v = fresh.v when not matched then insert (k, v) values (fresh.k, fresh.v)",
            "select k, v from {schema}.t_merged order by k",
            rows=[(1, "new"), (2, "kept"), (3, "first")],
        ),
        "histories are upserted so",
    ),
    Probe(
        "delete-using",
        "DELETE ... USING deletes the rows that join with another table, each told by its bare name, also where both "
        "are named with database and schema",
        "dg/r_DELETE.html",
        gives(
            "create table {schema}.t_older (k integer, v integer)",
            "insert into {schema}.t_older values (1, 1), (2, 2), (3, 1), (4, 1)",
            "create table {schema}.t_newer as select 1 as k, 2 as v union all select 2, 1",
            "create table {schema}.t_newest as select 4 as k, 2 as v",
            'delete from "{database}"."{schema}"."t_older" using "{database}"."{schema}"."t_newest" '
            'where "t_newest".k = "t_older".k and "t_newest".v > "t_older".v',
            "delete from {schema}.t_older using {schema}.t_newer where t_newer.k = t_older.k and t_newer.v > t_older.v",
            "select k, v from {schema}.t_older order by k",
            rows=[(2, 2), (3, 1)],
        ),
        "modeled tables are upserted so: what is older goes before what is newer comes",
    ),
    Probe(
        "update-from",
        "UPDATE ... FROM takes values from a query of other tables, and of its own by an alias, joined by a key",
        "dg/r_UPDATE.html",
        gives(
            "create table {schema}.t_marked (k integer, seq bigint, at timestamp)",
            "insert into {schema}.t_marked (k) values (1), (2)",
            "create table {schema}.t_number as select cast(7 as bigint) as seq",
            "update {schema}.t_marked set at = getdate(), seq = marked.seq from (select files.k, counter.seq from "
            "{schema}.t_marked as files cross join {schema}.t_number as counter where k = 2) as marked "
            'where "t_marked".k = marked.k',
            "select k, seq, case when at is null then 0 else 1 end from {schema}.t_marked order by k",
            rows=[(1, None, 0), (2, 7, 1)],
        ),
        "a file that is undone gets the number of its undo",
    ),
    Probe(
        "merge-of-null-keys",
        "NULL matches no NULL in a MERGE",
        "dg/r_MERGE.html",
        gives(
            "create table {schema}.t_null_key (k integer, v varchar(8))",
            "insert into {schema}.t_null_key values (null, 'old')",
            "create table {schema}.t_null_new (k integer, v varchar(8))",
            "insert into {schema}.t_null_new values (null, 'new')",
            "merge into {schema}.t_null_key using {schema}.t_null_new as fresh on {schema}.t_null_key.k = fresh.k "
            "when matched then update set v = fresh.v when not matched then insert (k, v) values (fresh.k, fresh.v)",
            "select count(*) from {schema}.t_null_key",
            rows=[(2,)],
        ),
        "keys of modeled tables are never NULL",
    ),
    Probe(
        "temporary-tables",
        "a temporary table lives as long as its Data API session, over transactions",
        "mgmt/data-api.html",
        gives(
            ["create temp table t_temporary (n integer)", "insert into t_temporary values (7)"],
            "select n from t_temporary",
            rows=[(7,)],
        ),
        "rows are staged in temporary tables before the lock is taken",
    ),
)
