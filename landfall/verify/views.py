"""OPERATE: probes of views, and of what the catalog says of them, of tables and of their columns."""

from landfall.verify.probe import Probe, gives

_VIEW = "dg/r_CREATE_VIEW.html"

PROBES = (
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
)
