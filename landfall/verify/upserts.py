"""OPERATE: probes of what UPSERTs are made of: MERGE, DELETE ... USING, UPDATE ... FROM, and NULL as a key."""

from landfall.verify.probe import Probe, gives

PROBES = (
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
            "update {schema}.t_marked set at = getdate(), seq = _marked.seq from (select files.k, counter.seq from "
            "{schema}.t_marked as files cross join {schema}.t_number as counter where k = 2) as _marked "
            'where "t_marked".k = _marked.k',
            "select k, seq, case when at is null then 0 else 1 end from {schema}.t_marked order by k",
            rows=[(1, None, 0), (2, 7, 1)],
        ),
        "a file that is undone gets the number of its undo",
    ),
    Probe(
        "update-by-a-query",
        "UPDATE takes a value from a query, of its own table too, and goes by what another one says",
        "dg/r_UPDATE.html",
        gives(
            "create table {schema}.t_drops (seq bigint, dropped bigint)",
            "insert into {schema}.t_drops (seq) values (7)",
            "create table {schema}.t_loads as select cast(5 as bigint) as seq union all select 6",
            "update {schema}.t_drops set dropped = (select min(seq) from (select seq from {schema}.t_loads "
            "union all select seq from {schema}.t_drops) as numbers) "
            "where (select count(*) from {schema}.t_loads) = 2",
            "update {schema}.t_drops set dropped = 0 where (select count(*) from {schema}.t_loads) = 3",
            "select seq, dropped from {schema}.t_drops",
            rows=[(7, 5)],
        ),
        "a load counts itself so, if it finds what it was planned for",
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
)
