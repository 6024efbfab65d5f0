-- Catalog and system views that clients of Redshift read. All tell of what PostgreSQL holds.
-- https://docs.aws.amazon.com/redshift/latest/dg/c_intro_system_views.html

-- https://docs.aws.amazon.com/redshift/latest/dg/r_PG_PROC_INFO.html: PG_PROC with procedures told apart
create view pg_catalog.pg_proc_info as
select
    oid as prooid, proname, pronamespace, proowner, prolang, prokind, prosecdef, proisstrict, proretset, provolatile,
    pronargs, prorettype, proargtypes, proallargtypes, proargmodes::text[] as proargmodes, proargnames, prosrc, proconfig,
    proacl
from pg_catalog.pg_proc;

-- SYSLOG ACCESS UNRESTRICTED is membership of a role here (see users.py)
create view pg_catalog.svl_user_info as
select
    usename::varchar(128), usesysid::integer, usecreatedb, usesuper, false as usecatupd,
    (case
        when pg_has_role(usesysid, 'pg_read_all_stats', 'usage') then 'UNRESTRICTED' else 'RESTRICTED'
    end)::varchar(16) as syslogaccess
from pg_catalog.pg_user;

create view pg_catalog.svv_user_info as
select usename::varchar(128) as user_name, usesysid::integer as user_id, usecreatedb as createdb, usesuper as superuser
from pg_catalog.pg_user;

create view pg_catalog.pg_user_info as select * from pg_catalog.pg_user;

-- Of a late-binding view the statement that made it. A reader's snapshot may list a view that another session has dropped by
-- now: its definition is then NULL, no error.
create function pg_catalog.rs_view_definition(id oid, is_pretty boolean default false) returns text
language plpgsql stable as $$
begin
    return coalesce(
        (select statement from redshift.late_binding_view_text where view_id = id), pg_get_viewdef(id, is_pretty)
    );
exception
    when others then
        return null;
end
$$;

drop view information_schema.views;
create view information_schema.views as
select
    current_database()::varchar(128) as table_catalog,
    n.nspname::varchar(128) as table_schema,
    c.relname::varchar(128) as table_name,
    case
        when c.relkind = 'm' then format(
            E'create materialized view %s as (\n%s\n);', c.relname, rtrim(rs_view_definition(c.oid), ';')
        )
        else rs_view_definition(c.oid)
    end as view_definition,
    'NONE'::varchar(16) as check_option,
    'NO'::varchar(3) as is_updatable,
    'NO'::varchar(3) as is_insertable_into
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where c.relkind in ('v', 'm') and (pg_has_role(c.relowner, 'usage') or has_table_privilege(c.oid, 'select, insert, update, delete'));
grant select on information_schema.views to public;

create view pg_catalog.svv_tables as
select
    table_catalog::varchar(128), table_schema::varchar(128), table_name::varchar(128), table_type::varchar(128),
    null::varchar(256) as remarks
from information_schema.tables;

-- PostgreSQL's IDENTITY is NOT NULL, Redshift's only where that is said (41_storage.sql keeps it), or in a primary key.
create function pg_catalog.rs_is_required(relation oid, number smallint) returns boolean language sql stable as $$
    select exists (
        select from pg_catalog.pg_description
        where objoid = relation and classoid = 'pg_class'::regclass and objsubid = -1
            and description::jsonb -> 'required' @> to_jsonb(number)
    ) or exists (select from pg_catalog.pg_constraint where conrelid = relation and contype = 'p' and number = any(conkey))
$$;

-- types are spelt as Redshift spells them
create function pg_catalog.rs_type_name(type_id oid) returns varchar language sql stable as $$
    select case
        when type_id in ('pg_catalog.super'::regtype, 'json'::regtype) then 'super'
        when type_id in ('pg_catalog.varbyte'::regtype, 'bytea'::regtype) then 'binary varying'
        when type_id in ('text'::regtype, 'name'::regtype) then 'character varying'
        else format_type(type_id, null)
    end::varchar
$$;

create function pg_catalog.rs_type_shown(type_id oid, modifier integer) returns text language sql stable as $$
    select case when rs_type_name(type_id) = format_type(type_id, null) then format_type(type_id, modifier)
        else rs_type_name(type_id) end
$$;

-- the length of a VARBYTE column is that of its check (see ddl.py)
create function pg_catalog.rs_varbyte_length(relation oid, column_number smallint) returns integer language sql stable as $$
    select (regexp_match(pg_get_constraintdef(oid), 'rs_fits_varbyte.*, ([0-9]+)[)]'))[1]::integer
    from pg_catalog.pg_constraint
    where conrelid = relation and contype = 'c' and conkey = array[column_number]
$$;

-- Not made of PostgreSQL's own, which leaves out materialized views, and joins eleven catalogs more for what Redshift does not tell;
-- others of PostgreSQL's views stand on it. OFFSET lets a relation's columns be looked for by its number: joined, all columns of all
-- relations would be read.
alter view information_schema.columns rename to postgres_columns;
create view pg_catalog.rs_columns as
select
    current_database()::information_schema.sql_identifier as table_catalog,
    n.nspname::information_schema.sql_identifier as table_schema,
    r.relname::information_schema.sql_identifier as table_name,
    a.attname::information_schema.sql_identifier as column_name,
    a.attnum::information_schema.cardinal_number as ordinal_position,
    (case
        when a.atthasdef and a.attgenerated = '' then (
            select pg_get_expr(d.adbin, d.adrelid) from pg_catalog.pg_attrdef as d where d.adrelid = r.oid and d.adnum = a.attnum
        )
    end)::information_schema.character_data as column_default,
    (case
        when a.attnotnull and (a.attidentity = '' or rs_is_required(r.oid, a.attnum)) then 'NO' else 'YES'
    end)::information_schema.yes_or_no as is_nullable,
    rs_type_name(a.atttypid)::information_schema.character_data as data_type,
    (case
        when a.atttypid in ('varchar'::regtype, 'bpchar'::regtype, 'text'::regtype)
        then coalesce(information_schema._pg_char_max_length(a.atttypid, a.atttypmod), 65535)
        when a.atttypid = 'name'::regtype then 128
        when a.atttypid = 'pg_catalog.varbyte'::regtype then rs_varbyte_length(r.oid, a.attnum)
    end)::information_schema.cardinal_number as character_maximum_length,
    information_schema._pg_char_octet_length(t.base, coalesce(t.modifier, a.atttypmod))::information_schema.cardinal_number as character_octet_length,
    information_schema._pg_numeric_precision(t.base, coalesce(t.modifier, a.atttypmod))::information_schema.cardinal_number as numeric_precision,
    information_schema._pg_numeric_precision_radix(t.base, coalesce(t.modifier, a.atttypmod))::information_schema.cardinal_number as numeric_precision_radix,
    information_schema._pg_numeric_scale(t.base, coalesce(t.modifier, a.atttypmod))::information_schema.cardinal_number as numeric_scale,
    information_schema._pg_datetime_precision(t.base, coalesce(t.modifier, a.atttypmod))::information_schema.cardinal_number as datetime_precision,
    current_database()::information_schema.sql_identifier as udt_catalog,
    (
        select n_of.nspname from pg_catalog.pg_type as b inner join pg_catalog.pg_namespace as n_of on b.typnamespace = n_of.oid
        where b.oid = t.base
    )::information_schema.sql_identifier as udt_schema,
    (select b.typname from pg_catalog.pg_type as b where b.oid = t.base)::information_schema.sql_identifier as udt_name,
    r.oid as relation_id
from pg_catalog.pg_class as r
inner join pg_catalog.pg_namespace as n on r.relnamespace = n.oid
cross join lateral (
    select * from pg_catalog.pg_attribute where attrelid = r.oid and attnum > 0 and not attisdropped offset 0
) as a
inner join (
    select
        oid, case typtype when 'd' then typbasetype else oid end as base, case typtype when 'd' then typtypmod end as modifier
    from pg_catalog.pg_type
) as t on a.atttypid = t.oid
where r.relkind in ('r', 'v', 'f', 'p', 'm') and not pg_is_other_temp_schema(n.oid)
    and (pg_has_role(r.relowner, 'usage') or has_column_privilege(r.oid, a.attnum, 'select, insert, update, references'));
grant select on pg_catalog.rs_columns to public;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html
create view pg_catalog.svv_columns as
select
    table_catalog::varchar(128),
    table_schema::varchar(128),
    table_name::varchar(128),
    column_name::varchar(128),
    ordinal_position::integer,
    column_default::varchar(4000),
    is_nullable::varchar(3),
    data_type::varchar(128),
    character_maximum_length::integer,
    numeric_precision::integer,
    numeric_precision_radix::integer,
    numeric_scale::integer,
    datetime_precision::integer,
    null::varchar(128) as interval_type,
    null::varchar(128) as interval_precision,
    null::varchar(128) as character_set_catalog,
    null::varchar(128) as character_set_schema,
    null::varchar(128) as character_set_name,
    null::varchar(128) as collation_catalog,
    null::varchar(128) as collation_schema,
    null::varchar(128) as collation_name,
    null::varchar(128) as domain_name,
    null::varchar(256) as remarks
from pg_catalog.rs_columns;
