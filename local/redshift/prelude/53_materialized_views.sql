-- Materialized views as Redshift's catalog tells them: with the views, where a definition begins with CREATE MATERIALIZED
-- VIEW, and their columns also as those of a table mv_tbl__<name>__0, in which Redshift keeps their rows. Here it is empty,
-- and goes with the view. dbt-redshift reads all of that.

create function redshift.is_dist_key(relation oid, number smallint) returns boolean language sql stable as $$
    select coalesce((select distkey = number from redshift.table_storage where table_id = relation), false)
$$;

create function redshift.materialized_definition(view_id oid) returns text language sql stable as $$
    select format(E'create materialized view %s as (\n%s\n);', c.relname, rtrim(pg_get_viewdef(c.oid), ';'))
    from pg_class as c where c.oid = view_id and c.relkind = 'm'
$$;

create or replace view pg_catalog.pg_views as
select
    n.nspname as schemaname,
    c.relname as viewname,
    pg_get_userbyid(c.relowner) as viewowner,
    case c.relkind when 'm' then redshift.materialized_definition(c.oid) else rs_view_definition(c.oid) end as definition
from pg_catalog.pg_class as c
left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('v', 'm');

create procedure pg_catalog.rs_comment_on_view(name text, words text) language plpgsql as $$
begin
    execute format(
        'comment on %s %s is %L',
        case (select relkind from pg_class where oid = to_regclass(name)) when 'm' then 'materialized view' else 'view' end,
        name, words
    );
end
$$;

create function redshift.keep_rows_beside() returns event_trigger language plpgsql security definer as $$
declare
    made record;
    stored oid;
begin
    for made in
        select c.oid, n.nspname as place, left('mv_tbl__' || c.relname, 60) || '__0' as name, pg_get_userbyid(c.relowner) as owner
        from pg_event_trigger_ddl_commands() as d
        inner join pg_class as c on c.oid = d.objid and d.classid = 'pg_class'::regclass
        inner join pg_namespace as n on c.relnamespace = n.oid
        where c.relkind = 'm' and to_regclass(format('%I.%I', n.nspname, left('mv_tbl__' || c.relname, 60) || '__0')) is null
    loop
        execute format('create table %I.%I (like %s)', made.place, made.name, made.oid::regclass);
        -- Redshift has two columns more there, as dbt-redshift's tests say; their names are not documented
        execute format('alter table %I.%I add rs_first bigint, add rs_second bigint', made.place, made.name);
        execute format('alter table %I.%I owner to %I', made.place, made.name, made.owner);
        stored := format('%I.%I', made.place, made.name)::regclass;
        insert into pg_depend values ('pg_class'::regclass, stored, 0, 'pg_class'::regclass, made.oid, 0, 'i');
        insert into pg_description
        select stored, classoid, objsubid, description from pg_description
        where objoid = made.oid and classoid = 'pg_class'::regclass and objsubid = redshift.storage_place();
    end loop;
end
$$;

-- By its name it runs after what notes the storage.
create event trigger redshift_rows_beside on ddl_command_end when tag in ('CREATE MATERIALIZED VIEW')
execute function redshift.keep_rows_beside();

-- https://docs.aws.amazon.com/redshift/latest/dg/r_STV_MV_INFO.html; whether it is stale is not known here.
create view pg_catalog.stv_mv_info as
select
    current_database()::char(128) as db_name,
    n.nspname::char(128) as schema,
    c.relname::char(128) as name,
    null::bigint as updated_upto_xid,
    null::char(1) as is_stale,
    pg_get_userbyid(c.relowner)::char(128) as owner_user_name,
    0 as state,
    (case when s.auto_refresh then 't' else 'f' end)::char(1) as autorefresh,
    'f'::char(1) as autorewrite
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
left join redshift.table_storage as s on s.table_id = c.oid
where c.relkind = 'm' and redshift.may_see(c.oid);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_MV_INFO.html
create view pg_catalog.svv_mv_info as
select
    db_name as database_name, schema as schema_name, owner_user_name as user_name, name, is_stale, state, autorewrite,
    autorefresh
from pg_catalog.stv_mv_info;
