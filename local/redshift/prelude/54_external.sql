-- External schemas: which database of the Data Catalog one shows, and by which role. Their tables are the catalog's own
-- business and known there alone; what the front reads of them for a statement is a temporary table (external/session.py).
-- https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html

create table redshift.external_schema (
    schema_id oid primary key,
    database_name text not null,
    role text not null,
    region text not null
);

create function redshift.keep_external_schema(name text, database_name text, role text, region text) returns void
language plpgsql security definer set search_path = '' as $$
declare
    id oid := (select oid from pg_catalog.pg_namespace where nspname = name);
begin
    insert into redshift.external_schema values (id, database_name, role, region)
    on conflict (schema_id) do nothing;
end
$$;
revoke execute on function redshift.keep_external_schema from public;

-- What keeps the user from making a schema: SQLSTATE and message, NULL where nothing does. Asked before the Data Catalog is
-- changed too, which no transaction takes back.
create function pg_catalog.rs_external_schema_fault(name text, out code text, out message text)
language sql stable security definer set search_path = '' as $$
    select
        case when not m.may then '42501' when m.is_there then '42P06' end,
        case
            when not m.may then pg_catalog.format('permission denied for database %s', pg_catalog.current_database())
            when m.is_there then pg_catalog.format('schema "%s" already exists', name)
        end
    from (
        select
            pg_catalog.has_database_privilege(session_user, pg_catalog.current_database(), 'create') as may,
            exists (select from pg_catalog.pg_namespace where nspname = name) as is_there
    ) as m
$$;

create procedure pg_catalog.rs_create_external_schema(
    name text, database_name text, role text, region text, is_unless_there boolean
) language plpgsql security definer set search_path = '' as $$
declare
    fault record;
begin
    select f.code, f.message into fault from pg_catalog.rs_external_schema_fault(name) as f;
    if fault.code = '42P06' and is_unless_there then
        raise notice '%, skipping', fault.message;
        return;
    end if;
    if fault.code is not null then
        raise exception '%', fault.message using errcode = fault.code;
    end if;
    execute pg_catalog.format('create schema %I authorization %I', name, session_user);
    perform redshift.keep_external_schema(name, database_name, role, region);
end
$$;

-- What relations mean of which the schema may be external, and views: `t` an external table's schema, with what its owner
-- set, `v` a late-binding view over external tables, with its query.
create function pg_catalog.rs_external(variadic names text[])
returns table (relation text, kind text, body text, role text, region text, may_use boolean, may_create boolean)
language sql stable security definer as $$
    select
        n.name, 't', e.database_name, e.role, e.region, has_schema_privilege(session_user, s.oid, 'usage'),
        pg_has_role(session_user, s.nspowner, 'usage')
    from unnest(names) as n(name)
    inner join pg_namespace as s on s.nspname = split_part(n.name, chr(31), -2)
    inner join redshift.external_schema as e on e.schema_id = s.oid
    where strpos(n.name, chr(31)) > 0 and split_part(n.name, chr(31), -3) in ('', current_database())
    union all
    select n.name, 'v', v.query, null, null, has_table_privilege(session_user, v.view_id, 'select'), null
    from redshift.external_view as v
    inner join pg_class as c on c.oid = v.view_id
    inner join pg_namespace as s on s.oid = c.relnamespace
    inner join unnest(names) as n(name) on split_part(n.name, chr(31), -1) = c.relname
    where case
        when strpos(n.name, chr(31)) > 0 then
            split_part(n.name, chr(31), -2) = s.nspname
            and split_part(n.name, chr(31), -3) in ('', current_database())
        else pg_table_is_visible(c.oid)
    end
$$;

-- Names of external schemas, and an empty one where there is a view over external tables: what may be external at all.
create function pg_catalog.rs_external_names() returns setof text language sql stable security definer as $$
    select s.nspname::text from redshift.external_schema as e inner join pg_namespace as s on s.oid = e.schema_id
    union all
    select '' where exists (select from redshift.external_view)
$$;

create function pg_catalog.rs_external_schemas()
returns table (name text, database_name text, role text, region text) language sql stable security definer as $$
    select s.nspname, e.database_name, e.role, e.region
    from redshift.external_schema as e
    inner join pg_namespace as s on s.oid = e.schema_id
    where has_schema_privilege(session_user, s.oid, 'usage')
    order by s.nspname
$$;

-- Make a late-binding view that raises when it is read by what the front does not see, with the columns that it has now.
create procedure pg_catalog.rs_create_external_view(
    name text, query text, is_replace boolean, statement text, keeps_case boolean, source text
)
language plpgsql as $$
declare
    raising text;
begin
    begin
        execute 'create temporary view rs_external_view as ' || query;
        raising := redshift.raising_query(
            'pg_temp.rs_external_view'::regclass, '0A000',
            'the local Redshift reads a late-binding view over external tables in a query of its own alone'
        );
        drop view pg_temp.rs_external_view;
    exception
        when undefined_table or undefined_column or invalid_schema_name or undefined_function or datatype_mismatch then
            raising := redshift.raising_query(null, sqlstate, sqlerrm);
    end;
    call pg_catalog.rs_create_late_binding_view(name, raising, is_replace, statement, keeps_case);
    perform redshift.keep_external_view(to_regclass(name), source);
end
$$;

create function redshift.keep_external_view(id oid, source text) returns void language plpgsql security definer as $$
begin
    if not pg_has_role(session_user, (select relowner from pg_class where oid = id), 'usage') then
        raise exception 'must be owner of the view' using errcode = '42501';
    end if;
    insert into redshift.external_view values (id, source)
    on conflict (view_id) do update set query = excluded.query;
end
$$;

create view pg_catalog.svv_external_schemas as
select
    s.oid::integer as esoid, 1 as eskind, s.nspname::varchar(128) as schemaname, s.nspowner::integer as esowner,
    e.database_name::varchar(128) as databasename,
    json_build_object('IAM_ROLE', e.role)::varchar(128) as esoptions
from redshift.external_schema as e
inner join pg_catalog.pg_namespace as s on s.oid = e.schema_id
where has_schema_privilege(s.oid, 'usage');

-- What these tell comes from the Data Catalog, and in the front's place of them alone (external/told.py).
create function redshift.without_external_schemas() returns boolean language plpgsql stable security definer as $$
begin
    if exists (select from redshift.external_schema as e inner join pg_namespace as s on s.oid = e.schema_id) then
        raise exception 'the local Redshift tells of external tables in a query that names their system view itself'
            using errcode = '0A000';
    end if;
    return false;
end
$$;

create view pg_catalog.svv_external_tables as
select
    null::varchar as redshift_database_name, null::varchar as schemaname, null::varchar as tablename,
    null::varchar as tabletype, null::varchar as location, null::varchar as input_format, null::varchar as output_format,
    null::varchar as serialization_lib, null::varchar as serde_parameters, null::integer as compressed,
    null::varchar as parameters
where redshift.without_external_schemas();

create view pg_catalog.svv_external_columns as
select
    null::varchar as redshift_database_name, null::varchar as schemaname, null::varchar as tablename,
    null::varchar as columnname, null::varchar as external_type, null::integer as columnnum, null::integer as part_key,
    null::varchar as is_nullable
where redshift.without_external_schemas();

create view pg_catalog.svv_external_partitions as
select
    null::varchar as schemaname, null::varchar as tablename, null::varchar as "values", null::varchar as location,
    null::varchar as input_format, null::varchar as output_format, null::varchar as serialization_lib,
    null::varchar as serde_parameters, null::integer as compressed, null::varchar as parameters
where redshift.without_external_schemas();
