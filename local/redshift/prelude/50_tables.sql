-- Views of tables, columns and schemas: what PostgreSQL holds, and how Redshift would store it (41_storage.sql).

-- Without ENCODE a column's encoding follows its type and sort key:
-- https://docs.aws.amazon.com/redshift/latest/dg/c_Compression_encodings.html
create function redshift.encoding(relation oid, number smallint, type_id oid) returns varchar language sql stable as $$
    select coalesce(
        nullif(s.encodings ->> number::text, 'raw'),
        case
            when s.encodings ? number::text or number = any(s.sortkey) then 'none'
            when (select c.relpersistence = 't' from pg_class as c where c.oid = relation) then 'none'
            when type_id in (
                'smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype, 'date'::regtype,
                'timestamp'::regtype, 'timestamptz'::regtype, 'time'::regtype, 'timetz'::regtype
            ) then 'az64'
            when type_id in ('varchar'::regtype, 'bpchar'::regtype, 'pg_catalog.varbyte'::regtype) then 'lzo'
            when type_id = 'pg_catalog.super'::regtype then 'zstd'
            else 'none'
        end
    )
    from (select 1) as one left join redshift.table_storage as s on s.table_id = relation
$$;

-- The place of a column in the sort key, of an interleaved one alternately negative; 0 if it is in none.
create function redshift.sort_place(relation oid, number smallint) returns integer language sql stable as $$
    select coalesce((
        select p * case when s.sortstyle = 'INTERLEAVED' and p % 2 = 1 then -1 else 1 end
        from redshift.table_storage as s cross join lateral array_position(s.sortkey, number) as p
        where s.table_id = relation
    ), 0)
$$;

create function redshift.diststyle(relation oid) returns text language sql stable as $$
    select coalesce((
        select case s.diststyle
            when 'AUTO' then 'AUTO(ALL)'
            when 'KEY' then format('KEY(%s)', a.attname)
            else s.diststyle
        end
        from redshift.table_storage as s left join pg_attribute as a on a.attrelid = relation and a.attnum = s.distkey
        where s.table_id = relation
    ), 'AUTO(ALL)')
$$;

-- How many rows PostgreSQL's statistics count: they follow changes by a second.
create function redshift.row_count(relation oid) returns bigint language sql stable as $$
    select greatest(pg_stat_get_live_tuples(relation), (select reltuples::bigint from pg_class where oid = relation), 0)
$$;

create function redshift.may_see(relation oid) returns boolean language sql stable as $$
    select has_table_privilege(relation, 'select, insert, update, delete, references')
        or has_any_column_privilege(relation, 'select')
$$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_PG_TABLE_DEF.html
create view pg_catalog.pg_table_def as
select
    n.nspname as schemaname,
    c.relname as tablename,
    a.attname as "column",
    rs_type_shown(a.atttypid, a.atttypmod) as type,
    redshift.encoding(c.oid, a.attnum, a.atttypid)::text as encoding,
    coalesce(s.distkey = a.attnum, false) as distkey,
    redshift.sort_place(c.oid, a.attnum) as sortkey,
    a.attnotnull and (a.attidentity = '' or rs_is_required(c.oid, a.attnum)) as "notnull"
from pg_catalog.pg_attribute as a
inner join pg_catalog.pg_class as c on a.attrelid = c.oid
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
left join redshift.table_storage as s on s.table_id = c.oid
where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
    and n.nspname = any(current_schemas(true)) and n.nspname <> 'pg_toast' and redshift.may_see(c.oid);

-- Of a table without rows nothing is told.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TABLE_INFO.html
create view pg_catalog.svv_table_info as
select
    current_database()::text as database,
    n.nspname::text as schema,
    c.oid as table_id,
    c.relname::text as "table",
    case
        when coalesce(s.is_encode_auto, true) then 'Y, AUTO(ENCODE)'
        when s.encodings <> '{}' and not exists (
            select from jsonb_each_text(s.encodings) as e where e.value <> 'raw'
        ) then 'N'
        else 'Y'
    end as encoded,
    redshift.diststyle(c.oid) as diststyle,
    case
        when coalesce(s.sortstyle, 'AUTO') = 'AUTO' then 'AUTO(SORTKEY)'
        when s.sortstyle = 'INTERLEAVED' then 'INTERLEAVED'
        else first_key.attname::text
    end as sortkey1,
    (
        select coalesce(max(a.atttypmod - 4), 0) from pg_catalog.pg_attribute as a
        where a.attrelid = c.oid and a.atttypid = 'varchar'::regtype and not a.attisdropped
    ) as max_varchar,
    case when first_key.attnum is not null then redshift.encoding(c.oid, first_key.attnum, first_key.atttypid) end::char(32)
        as sortkey1_enc,
    coalesce(cardinality(s.sortkey), 0) as sortkey_num,
    ceil(pg_table_size(c.oid) / 1048576.0)::bigint as size,
    null::numeric(10, 4) as pct_used,
    0::bigint as empty,
    null::numeric(5, 2) as unsorted,
    null::numeric(5, 2) as stats_off,
    redshift.row_count(c.oid)::numeric(38, 0) as tbl_rows,
    null::numeric(19, 2) as skew_sortkey1,
    null::numeric(19, 2) as skew_rows,
    redshift.row_count(c.oid)::numeric(38, 0) as estimated_visible_rows,
    null::text as risk_event,
    null::numeric(12, 2) as vacuum_sort_benefit,
    null::timestamp as create_time
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
left join redshift.table_storage as s on s.table_id = c.oid
left join pg_catalog.pg_attribute as first_key on first_key.attrelid = c.oid and first_key.attnum = s.sortkey[1]
where c.relkind in ('r', 'p', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'redshift')
    and c.relpersistence <> 't' and pg_relation_size(c.oid) > 0 and redshift.may_see(c.oid);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_REDSHIFT_COLUMNS.html
create view pg_catalog.svv_redshift_columns as
select
    v.table_catalog as database_name, v.table_schema as schema_name, v.table_name, v.column_name, v.ordinal_position,
    v.data_type::varchar(32) as data_type, v.column_default, v.is_nullable,
    redshift.encoding(a.attrelid, a.attnum, a.atttypid)::varchar(128) as encoding,
    coalesce(s.distkey = a.attnum, false) as distkey,
    redshift.sort_place(a.attrelid, a.attnum) as sortkey,
    array_to_string(a.attacl, '~')::varchar(128) as column_acl,
    v.remarks
from pg_catalog.svv_columns as v
inner join pg_catalog.pg_namespace as n on n.nspname = v.table_schema
inner join pg_catalog.pg_class as c on c.relnamespace = n.oid and c.relname = v.table_name
inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attname = v.column_name
left join redshift.table_storage as s on s.table_id = c.oid;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ALL_COLUMNS.html
create view pg_catalog.svv_all_columns as
select
    table_catalog as database_name, table_schema as schema_name, table_name, column_name, ordinal_position, column_default,
    is_nullable, data_type, character_maximum_length, numeric_precision, numeric_scale, remarks
from pg_catalog.svv_columns;

-- Temporary tables of one's own session are among them: by this redshift_connector finds the one that it writes rows to.
-- Those that the front reads external tables into (external/rows.py) are not.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_REDSHIFT_TABLES.html
create view pg_catalog.svv_redshift_tables as
select
    current_database()::varchar(128) as database_name,
    n.nspname::varchar(128) as schema_name,
    c.relname::varchar(128) as table_name,
    (case when c.relkind in ('v', 'm') then 'VIEW' else 'TABLE' end)::varchar(128) as table_type,
    array_to_string(c.relacl, '~')::varchar(128) as table_acl,
    obj_description(c.oid, 'pg_class')::varchar(128) as remarks,
    pg_get_userbyid(c.relowner)::varchar(128) as table_owner
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('redshift', 'pg_toast')
    and (n.nspname !~ '^pg_(temp|toast_temp)_' or n.oid = pg_my_temp_schema())
    and not (c.relpersistence = 't' and c.relname ~ '^rs_external_[0-9a-f]{16}_[0-9]+$')
    and redshift.may_see(c.oid);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ALL_TABLES.html
create view pg_catalog.svv_all_tables as
select database_name, schema_name, table_name, table_type, table_acl, remarks from pg_catalog.svv_redshift_tables;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_REDSHIFT_SCHEMAS.html
create view pg_catalog.svv_redshift_schemas as
select
    current_database()::varchar(128) as database_name,
    nspname::varchar(128) as schema_name,
    nspowner::integer as schema_owner,
    'local'::varchar(16) as schema_type,
    array_to_string(nspacl, '~')::varchar(128) as schema_acl,
    null::varchar(128) as schema_option
from pg_catalog.pg_namespace
where nspname not in ('redshift', 'pg_toast') and nspname !~ '^pg_(temp|toast_temp)_'
    and (has_schema_privilege(oid, 'usage') or pg_has_role(nspowner, 'usage'));

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ALL_SCHEMAS.html
create view pg_catalog.svv_all_schemas as
select
    database_name, schema_name, schema_owner, schema_type, schema_acl, null::varchar(128) as source_database, schema_option
from pg_catalog.svv_redshift_schemas;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_REDSHIFT_DATABASES.html
create view pg_catalog.svv_redshift_databases as
select
    datname::varchar(128) as database_name,
    datdba::integer as database_owner,
    'local'::varchar(32) as database_type,
    array_to_string(datacl, '~')::varchar(128) as database_acl,
    null::varchar(128) as database_options,
    (case current_setting('default_transaction_isolation')
        when 'serializable' then 'Serializable' else 'Snapshot Isolation'
    end)::varchar(128) as database_isolation_level
from pg_catalog.pg_database
where not datistemplate and datname <> 'postgres';

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_SCHEMA_PRIVILEGES.html
create view pg_catalog.svv_schema_privileges as
select
    n.nspname::text as namespace_name,
    acl.privilege_type::text as privilege_type,
    acl.grantee::integer as identity_id,
    coalesce(r.rolname, 'public')::text as identity_name,
    redshift.identity_type(acl.grantee) as identity_type,
    acl.is_grantable as admin_option,
    'SCHEMA' as privilege_scope
from pg_catalog.pg_namespace as n
cross join lateral aclexplode(n.nspacl) as acl
left join pg_catalog.pg_roles as r on acl.grantee = r.oid
where acl.grantee <> n.nspowner and n.nspname <> 'redshift' and redshift.may_see_grant(acl.grantee, n.nspowner);
