-- Late-binding views: views that know their tables by name (https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html).
--
-- PostgreSQL binds a view to its tables by identity. Here such a view is an ordinary view whose text is kept, whose
-- dependencies are forgotten (so that its tables can be dropped, renamed and changed), and which is made anew whenever a
-- table that it names, or is bound to, comes, goes or changes. While its query cannot be resolved, it is a view that raises.

create schema redshift;
grant usage on schema redshift to public;

create table redshift.late_binding_view (
    view_id oid primary key,
    definition text not null,
    bound_ids oid[] not null,         -- relations that it is bound to
    words text not null,              -- its text in lower case, to find `schema.name` in
    statement text,                   -- by which it was made, which is what the catalog tells of it
    keeps_case boolean                -- whether quoted names kept their case in it, null where it makes no difference
);

-- Those over external tables (54_external.sql): the front reads their query, in Redshift's SQL, in their place.
create table redshift.external_view (
    view_id oid primary key,
    query text not null
);

-- Immutable, and of one row: PostgreSQL then calls it while it plans, also where a condition is false of all rows.
create function redshift.unresolved(code text, message text) returns integer language plpgsql immutable as $$
begin
    raise exception '%', message using errcode = code;
end
$$;

-- A query that raises, with the columns that the view has (one, where there is no view yet).
create function redshift.raising_query(view_id oid, code text, message text) returns text language sql stable as $$
    select format(
        'select %s from redshift.unresolved(%L, %L)',
        coalesce(
            string_agg(format('null::%s as %I', format_type(atttypid, atttypmod), attname), ', ' order by attnum),
            'null::integer as unresolved'
        ),
        code, message
    )
    from pg_attribute
    where attrelid = view_id and attnum > 0
$$;

-- Bind a view to what its names mean now; `former` is the view as it stands, null for a new one. Runs as the superuser.
create function redshift.bind_view(name text, query text, former oid) returns oid
language plpgsql security definer set search_path = '' as $$
declare
    fresh oid;
    kept redshift.late_binding_view := (select v from redshift.late_binding_view as v where v.view_id = former);
begin
    begin
        execute format('create or replace view %s as %s', name, query);
    exception
        when invalid_table_definition then
            perform redshift.replace_view(name, query, former);
        when undefined_table or undefined_column or invalid_schema_name or undefined_function or datatype_mismatch then
            if sqlerrm ~ '^relation "[^."]+" does not exist' then
                raise exception
                    'All the relation names inside should be qualified when creating views with no schema binding.'
                    using errcode = '42601';
            end if;
            execute format('create or replace view %s as %s', name, redshift.raising_query(former, sqlstate, sqlerrm));
    end;
    fresh := to_regclass(name);
    delete from redshift.late_binding_view where view_id in (fresh, former);
    delete from redshift.external_view where view_id in (fresh, former);
    insert into redshift.late_binding_view
    select fresh, query, coalesce(array_agg(distinct d.refobjid), '{}'), lower(query), kept.statement, kept.keeps_case
    from pg_rewrite as r
    inner join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
    where r.ev_class = fresh and d.refclassid = 'pg_class'::regclass and d.refobjid <> fresh;
    delete from pg_depend as d using pg_rewrite as r
    where r.ev_class = fresh and d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
        and d.refobjid <> fresh and d.deptype = 'n';
    return fresh;
end
$$;

-- Make a view with other columns than it had; its owner and grants are put back.
create function redshift.replace_view(name text, query text, former oid) returns void language plpgsql as $$
declare
    owner text := (select pg_get_userbyid(relowner) from pg_class where oid = former);
    grants text[] := (
        select array_agg(format('grant %s on %s to %s', acl.privilege_type, name,
            case acl.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end))
        from pg_class, aclexplode(relacl) as acl
        where pg_class.oid = former and acl.grantee <> relowner
    );
    command text;
begin
    execute 'drop view ' || name || ' cascade';
    execute format('create view %s as %s', name, query);
    execute format('alter view %s owner to %I', name, owner);
    foreach command in array coalesce(grants, '{}') loop
        execute command;
    end loop;
end
$$;

create procedure pg_catalog.rs_create_late_binding_view(
    name text, query text, is_replace boolean, statement text, keeps_case boolean
)
language plpgsql as $$
declare
    former oid := to_regclass(name);
    kind "char" := (select relkind from pg_class where oid = former);
    schema_name text := coalesce((parse_ident(name))[array_upper(parse_ident(name), 1) - 1], current_schema());
    full_name text := format('%I.%I', schema_name, (parse_ident(name))[array_upper(parse_ident(name), 1)]);
    fresh oid;
begin
    if former is not null and (not is_replace or kind <> 'v') then
        raise exception 'relation "%" already exists', name using errcode = '42P07';
    end if;
    if not has_schema_privilege(schema_name, 'create') then
        raise exception 'permission denied for schema %', schema_name using errcode = '42501';
    end if;
    if former is not null and not pg_has_role((select relowner from pg_class where oid = former), 'usage') then
        raise exception 'must be owner of relation %', name using errcode = '42501';
    end if;
    fresh := redshift.bind_view(full_name, query, former);
    perform redshift.give_view(fresh, current_user, statement, keeps_case);
end
$$;

create function redshift.give_view(view_id oid, owner text, statement text, keeps_case boolean) returns void
language plpgsql security definer as $$
begin
    if not exists (select from redshift.late_binding_view as v where v.view_id = give_view.view_id) then
        raise exception 'not a late-binding view' using errcode = '42809';
    end if;
    update redshift.late_binding_view as v set statement = give_view.statement, keeps_case = give_view.keeps_case
    where v.view_id = give_view.view_id;
    execute format('alter view %s owner to %I', redshift.full_name(view_id), owner);
    if (select relacl is null from pg_class where oid = view_id) then
        perform redshift.grant_defaults(view_id, owner);
    end if;
end
$$;

-- A new view gets the owner's default privileges, which count for tables and views alike
-- (https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html).
create function redshift.grant_defaults(view_id oid, owner text) returns void language plpgsql as $$
declare
    command text;
begin
    for command in
        select format('grant %s on %s to %s', acl.privilege_type, redshift.full_name(view_id),
            case acl.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end)
        from pg_default_acl as d, aclexplode(d.defaclacl) as acl
        where d.defaclobjtype = 'r' and pg_get_userbyid(d.defaclrole) = owner
            and d.defaclnamespace in (0, (select relnamespace from pg_class where oid = view_id))
            and acl.grantee <> d.defaclrole
    loop
        execute command;
    end loop;
end
$$;

create function redshift.full_name(id oid) returns text language sql stable as $$
    select format('%I.%I', n.nspname, c.relname)
    from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
    where c.oid = id
$$;

-- After a command that makes or changes a table: bind anew the views that are bound to it or hold its name. A new column
-- concerns only views that take all columns, or could not be resolved: the others are left alone, since to change a view
-- is to wait for its readers.
create function redshift.after_command() returns event_trigger language plpgsql security definer as $$
begin
    if current_setting('redshift.binding', true) = 'on' then
        return;
    end if;
    -- What an ordinary view takes the place of is no longer late-binding; bind_view keeps its own after this.
    if tg_tag = 'CREATE VIEW' then
        delete from redshift.late_binding_view where view_id in (select objid from pg_event_trigger_ddl_commands());
        delete from redshift.external_view where view_id in (select objid from pg_event_trigger_ddl_commands());
    end if;
    perform redshift.rebind(
        array_agg(c.oid),
        array_agg(redshift.name_pattern(n.nspname, c.relname)),
        current_query() ~* E'^\\s*alter\\s+table\\s+\\S+\\s+add\\s'
    )
    from pg_event_trigger_ddl_commands() as d
    inner join pg_class as c on d.classid = 'pg_class'::regclass and c.oid = d.objid
    inner join pg_namespace as n on c.relnamespace = n.oid
    where c.relkind in ('r', 'v', 'm', 'p') and c.relpersistence <> 't';
end
$$;

create function redshift.after_drop() returns event_trigger language plpgsql security definer as $$
begin
    delete from redshift.late_binding_view where view_id in (
        select objid from pg_event_trigger_dropped_objects() where classid = 'pg_class'::regclass
    );
    delete from redshift.external_view where view_id in (
        select objid from pg_event_trigger_dropped_objects() where classid = 'pg_class'::regclass
    );
    if current_setting('redshift.binding', true) = 'on' then
        return;
    end if;
    perform redshift.rebind(array_agg(objid), '{}', false)
    from pg_event_trigger_dropped_objects()
    where classid = 'pg_class'::regclass and object_type in ('table', 'view') and not is_temporary;
end
$$;

-- A regular expression that finds `schema.name` in the text of a query.
create function redshift.name_pattern(schema_name text, relation_name text) returns text language sql immutable as $$
    select E'\\m' || regexp_replace(lower(schema_name), E'(\\W)', E'\\\\\\1', 'g') || E'"?\\s*\\.\\s*"?'
        || regexp_replace(lower(relation_name), E'(\\W)', E'\\\\\\1', 'g') || E'(?!\\w)'
$$;

create function redshift.rebind(ids oid[], patterns text[], is_addition boolean) returns void
language plpgsql security definer as $$
declare
    stale redshift.late_binding_view;
    replaced oid[] := '{}';  -- views that had to be made anew: what is bound to them is bound anew in turn
begin
    if ids is null then
        return;
    end if;
    for stale in
        select v.* from redshift.late_binding_view as v
        where not v.view_id = any(ids)
            -- the front reads its query itself, and finds anew what it names
            and not exists (select from redshift.external_view as e where e.view_id = v.view_id)
            and (v.bound_ids && ids or exists (select from unnest(patterns) as p where v.words ~ p))
            and not (is_addition and v.bound_ids <> '{}' and strpos(v.words, '*') = 0)
        order by v.view_id
    loop
        perform set_config('redshift.binding', 'on', true);
        if redshift.bind_view(redshift.full_name(stale.view_id), stale.definition, stale.view_id) <> stale.view_id then
            replaced := replaced || stale.view_id;
        end if;
    end loop;
    perform set_config('redshift.binding', 'off', true);
    if replaced <> '{}' then
        perform redshift.rebind(replaced, '{}', false);
    end if;
end
$$;

create event trigger redshift_after_command on ddl_command_end
when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE VIEW', 'ALTER TABLE', 'ALTER VIEW')
execute function redshift.after_command();
create event trigger redshift_after_drop on sql_drop execute function redshift.after_drop();
