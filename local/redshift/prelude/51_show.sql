-- What the SHOW commands tell (show.py). Names come in parts, the database first where there are as many.

create function redshift.hold_database(name text) returns void language plpgsql stable as $$
begin
    if name <> current_database() then
        raise exception 'database "%" does not exist', name using errcode = '3D000';
    end if;
end
$$;

create function redshift.schema_id(variadic parts text[]) returns oid language plpgsql stable as $$
declare
    found_id oid := (select oid from pg_namespace where nspname = parts[cardinality(parts)] and nspname <> 'redshift');
begin
    if cardinality(parts) = 2 then
        perform redshift.hold_database(parts[1]);
    end if;
    if found_id is null then
        raise exception 'schema "%" does not exist', parts[cardinality(parts)] using errcode = '3F000';
    end if;
    return found_id;
end
$$;

create function redshift.relation_id(kinds "char"[], variadic parts text[]) returns oid language plpgsql stable as $$
declare
    dotted text := (
        select string_agg(quote_ident(part), '.' order by place) from unnest(parts) with ordinality as p(part, place)
        where cardinality(parts) < 3 or place > 1
    );
    found_id oid := (select oid from pg_class where oid = to_regclass(dotted) and relkind = any(kinds));
begin
    if cardinality(parts) = 3 then
        perform redshift.hold_database(parts[1]);
    end if;
    if found_id is null or not redshift.may_see(found_id) then
        raise exception 'relation "%" does not exist', array_to_string(parts, '.') using errcode = '42P01';
    end if;
    return found_id;
end
$$;

-- Which views are late-binding, and the text of those that one may read; asked as its owner.
create view redshift.late_binding_view_id as select view_id from redshift.late_binding_view;
create view redshift.late_binding_view_case as
select view_id, keeps_case from redshift.late_binding_view where keeps_case is not null;
create view redshift.late_binding_view_text as
select view_id, statement from redshift.late_binding_view where redshift.may_see(view_id);
grant select on redshift.late_binding_view_id, redshift.late_binding_view_case, redshift.late_binding_view_text, redshift.table_storage
to public;

-- Late-binding views are told by what follows, and by SVV_COLUMNS.
create view information_schema.columns as
select
    table_catalog, table_schema, table_name, column_name, ordinal_position, column_default, is_nullable, data_type,
    character_maximum_length, character_octet_length, numeric_precision, numeric_precision_radix, numeric_scale,
    datetime_precision, udt_catalog, udt_schema, udt_name
from pg_catalog.rs_columns
where relation_id not in (select view_id from redshift.late_binding_view);
grant select on information_schema.columns to public;

-- https://docs.aws.amazon.com/redshift/latest/dg/PG_GET_LATE_BINDING_VIEW_COLS.html
create function pg_catalog.pg_get_late_binding_view_cols() returns setof record language sql stable as $$
    select n.nspname, c.relname, a.attname, rs_type_shown(a.atttypid, a.atttypmod)::varchar, a.attnum::integer
    from redshift.late_binding_view_id as v
    inner join pg_class as c on c.oid = v.view_id
    inner join pg_namespace as n on c.relnamespace = n.oid
    inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where redshift.may_see(c.oid)
$$;

create function pg_catalog.rs_show_databases() returns table (
    database_name varchar, database_owner integer, database_type varchar, database_acl varchar, parameters varchar,
    database_isolation_level varchar
) language sql stable as $$
    select database_name, database_owner, database_type, database_acl, database_options, database_isolation_level
    from svv_redshift_databases order by 1
$$;

create function pg_catalog.rs_show_schemas(variadic parts text[]) returns table (
    database_name varchar, schema_name varchar, schema_owner integer, schema_type varchar, schema_acl varchar,
    source_database varchar, schema_option varchar
) language sql stable as $$
    select redshift.hold_database(parts[1]);
    select * from svv_all_schemas order by schema_name
$$;

-- When a table was last altered and written is not known here.
create function pg_catalog.rs_show_tables(variadic parts text[]) returns table (
    database_name varchar, schema_name varchar, table_name varchar, table_type varchar, table_acl varchar, remarks varchar,
    owner varchar, last_altered_time timestamp, last_modified_time timestamp, dist_style varchar, table_subtype varchar
) language sql stable as $$
    select
        t.database_name, t.schema_name, t.table_name, t.table_type, t.table_acl, t.remarks, t.table_owner,
        null::timestamp, null::timestamp,
        case when c.relkind in ('r', 'p') then replace(redshift.diststyle(c.oid), '(', ' (') end,
        case
            when c.relkind = 'm' then 'MATERIALIZED VIEW'
            when l.view_id is not null then 'LATE BINDING VIEW'
            when c.relkind = 'v' then 'REGULAR VIEW'
            else 'REGULAR TABLE'
        end
    from svv_redshift_tables as t
    inner join pg_class as c on c.relname = t.table_name and c.relnamespace = redshift.schema_id(variadic parts)
    inner join pg_namespace as n on c.relnamespace = n.oid and n.nspname = t.schema_name
    left join redshift.late_binding_view_id as l on l.view_id = c.oid
    where not exists (  -- the rows of a materialized view (53_materialized_views.sql)
        select from pg_depend as d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'i'
            and d.refclassid = 'pg_class'::regclass and c.relkind = 'r'
    )
    order by t.table_name
$$;

create function pg_catalog.rs_show_columns(variadic parts text[]) returns table (
    database_name varchar, schema_name varchar, table_name varchar, column_name varchar, ordinal_position integer,
    column_default varchar, is_nullable varchar, data_type varchar, character_maximum_length integer,
    numeric_precision integer, numeric_scale integer, remarks varchar, sort_key_type varchar, sort_key integer,
    dist_key integer, encoding varchar, collation varchar
) language sql stable as $$
    select
        v.table_catalog, v.table_schema, v.table_name, v.column_name, v.ordinal_position, v.column_default, v.is_nullable,
        v.data_type, v.character_maximum_length, v.numeric_precision, v.numeric_scale, v.remarks,
        case when redshift.sort_place(c.oid, a.attnum) <> 0 then s.sortstyle end,
        redshift.sort_place(c.oid, a.attnum),
        case when s.distkey = a.attnum then 1 end,
        case when c.relkind in ('r', 'p') then replace(redshift.encoding(c.oid, a.attnum, a.atttypid), 'none', 'raw') end,
        case when a.atttypid in ('varchar'::regtype, 'bpchar'::regtype) then 'default' end
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    inner join svv_columns as v on v.table_schema = n.nspname and v.table_name = c.relname
    inner join pg_attribute as a on a.attrelid = c.oid and a.attname = v.column_name
    left join redshift.table_storage as s on s.table_id = c.oid
    where c.oid = redshift.relation_id('{r,p,v,m}', variadic parts)
    order by v.ordinal_position
$$;

create function pg_catalog.rs_show_table(variadic parts text[]) returns table ("Show Table DDL statement" text)
language sql stable as $$
    select format(
        E'CREATE TABLE %s (\n%s\n)\n%s;',
        redshift.full_name(c.oid),
        concat_ws(
            E',\n',
            (
                select string_agg(concat_ws(
                    ' ', '   ', quote_ident(a.attname), rs_type_shown(a.atttypid, a.atttypmod),
                    case when a.attnotnull and (a.attidentity = '' or rs_is_required(c.oid, a.attnum)) then 'NOT NULL' end,
                    'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
                    'ENCODE ' || replace(redshift.encoding(c.oid, a.attnum, a.atttypid), 'none', 'raw'),
                    case when s.distkey = a.attnum then 'distkey' end
                ), E',\n' order by a.attnum)
                from pg_attribute as a left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            ),
            (
                select string_agg('    ' || key, E',\n' order by place) from unnest(s.keys) with ordinality as k(key, place)
                where key !~* '^(constraint[[:space:]].*)?foreign[[:space:]]+key[[:space:]]*[(]'
            ),
            (
                select string_agg(format('    CONSTRAINT %I %s', f.conname, pg_get_constraintdef(f.oid)), E',\n' order by f.oid)
                from pg_constraint as f where f.conrelid = c.oid and f.contype = 'f'
            )
        ),
        concat_ws(
            E'\n',
            'DISTSTYLE ' || coalesce(s.diststyle, 'AUTO'),
            case when cardinality(s.sortkey) > 0 then format(
                '%s SORTKEY ( %s )', s.sortstyle,
                (
                    select string_agg(quote_ident(a.attname), ', ' order by k.place)
                    from unnest(s.sortkey) with ordinality as k(number, place)
                    inner join pg_attribute as a on a.attrelid = c.oid and a.attnum = k.number
                )
            ) end
        )
    )
    from pg_class as c left join redshift.table_storage as s on s.table_id = c.oid
    where c.oid = redshift.relation_id('{r,p}', variadic parts)
$$;

create function pg_catalog.rs_show_view(variadic parts text[]) returns table ("Show View DDL statement" text)
language sql stable as $$
    select rs_view_definition(redshift.relation_id('{v,m}', variadic parts))
$$;

-- Privileges that were given; the owner's own are not listed.
create view redshift.grants as
select 'table' as kind, n.nspname as schema_name, c.relname as object_name, c.relacl as acl, c.relowner as owner
from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid where c.relkind in ('r', 'p', 'v', 'm')
union all
select 'schema', nspname, null, nspacl, nspowner from pg_namespace
union all
select 'database', null, null, datacl, datdba from pg_database where datname = current_database();

create function pg_catalog.rs_show_grants_on(kind text, variadic parts text[]) returns table (
    database_name varchar, schema_name varchar, object_name varchar, object_type varchar, privilege_type varchar,
    identity_id integer, identity_name varchar, identity_type varchar, admin_option boolean, privilege_scope varchar,
    grantor_name varchar
) language plpgsql stable as $$
declare
    wanted_schema oid;
    wanted_name text;
begin
    case kind
        when 'database' then perform redshift.hold_database(parts[1]);
        when 'schema' then wanted_schema := redshift.schema_id(variadic parts);
        else
            select c.relnamespace, c.relname into wanted_schema, wanted_name
            from pg_class as c where c.oid = redshift.relation_id('{r,p,v,m}', variadic parts);
    end case;
    return query
    select
        current_database()::varchar, g.schema_name::varchar, g.object_name::varchar, upper(g.kind)::varchar,
        acl.privilege_type::varchar, acl.grantee::integer, coalesce(r.rolname, 'public')::varchar,
        redshift.identity_type(acl.grantee)::varchar,
        acl.is_grantable, upper(g.kind)::varchar, pg_get_userbyid(acl.grantor)::varchar
    from redshift.grants as g
    cross join lateral aclexplode(g.acl) as acl
    left join pg_roles as r on acl.grantee = r.oid
    where g.kind = rs_show_grants_on.kind
        and g.schema_name is not distinct from (select nspname from pg_namespace where oid = wanted_schema)
        and g.object_name is not distinct from wanted_name
        and acl.grantee <> g.owner and acl.privilege_type not in ('MAINTAIN', 'TRIGGER')
        and (acl.grantee = 0 or pg_has_role(acl.grantee, 'usage') or pg_has_role(g.owner, 'usage'))
    order by 2, 3, 7, 5;
end
$$;

create function pg_catalog.rs_show_grants_for(variadic parts text[]) returns table (
    database_name varchar, schema_name varchar, object_name varchar, object_type varchar, privilege_type varchar,
    identity_id integer, identity_name varchar, identity_type varchar, admin_option boolean, privilege_scope varchar,
    grantor_name varchar
) language plpgsql stable as $$
declare
    identity oid := (select oid from pg_roles where rolname = parts[1]);
begin
    if identity is null then
        raise exception 'user "%" does not exist', parts[1] using errcode = '42704';
    end if;
    if not pg_has_role(identity, 'usage') then
        raise exception 'permission denied to show the grants of "%"', parts[1] using errcode = '42501';
    end if;
    return query
    select
        current_database()::varchar, g.schema_name::varchar, g.object_name::varchar, upper(g.kind)::varchar,
        acl.privilege_type::varchar, acl.grantee::integer, r.rolname::varchar,
        redshift.identity_type(acl.grantee)::varchar, acl.is_grantable, upper(g.kind)::varchar,
        pg_get_userbyid(acl.grantor)::varchar
    from redshift.grants as g
    cross join lateral aclexplode(g.acl) as acl
    inner join pg_roles as r on acl.grantee = r.oid
    where acl.grantee = identity and acl.grantee <> g.owner and acl.privilege_type not in ('MAINTAIN', 'TRIGGER')
    order by 4, 2, 3, 5;
end
$$;

grant select on redshift.grants to public;
