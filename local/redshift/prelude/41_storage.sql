-- How tables are stored, as their DDL says: distribution, sort keys, encodings, declared keys. PostgreSQL does none of it;
-- the catalog's views tell it. The front puts it into a comment of the statement (storage.py), and an event trigger keeps it
-- where comments on tables are kept, under a column number that no column has: it goes when the table goes, and is, as all
-- of PostgreSQL's own catalog, outside of what serializable transactions can conflict in.

create function redshift.storage_place() returns integer language sql immutable as 'select -1';

create view redshift.table_storage as
select
    d.objoid as table_id,
    coalesce(s.diststyle, 'AUTO') as diststyle,
    s.distkey,                                     -- the number of a column
    coalesce(s.sortstyle, 'AUTO') as sortstyle,    -- AUTO, COMPOUND, INTERLEAVED or NONE
    coalesce(s.sortkey, '{}') as sortkey,
    coalesce(s.encode_auto, s.encodings is null) as is_encode_auto,
    coalesce(s.encodings, '{}') as encodings,      -- by the number of a column
    coalesce(s.keys, '{}') as keys,                -- as they were declared
    coalesce(s.auto_refresh, false) as auto_refresh  -- of a materialized view
from pg_catalog.pg_description as d
cross join lateral jsonb_to_record(d.description::jsonb) as s(
    diststyle text, distkey smallint, sortstyle text, sortkey smallint[], encode_auto boolean, encodings jsonb, keys text[],
    auto_refresh boolean
)
where d.classoid = 'pg_catalog.pg_class'::regclass and d.objsubid = -1;

-- a column by its name, or, where none is called so, by its place, as CREATE TABLE AS may have it
create function redshift.column_number(relation oid, name text) returns smallint language sql stable as $$
    select attnum from pg_attribute
    where attrelid = relation and not attisdropped and (attname = name or attnum::text = name)
    order by attname = name desc limit 1
$$;

-- What the front notes, with the numbers of columns in place of their names.
create function redshift.numbered(relation oid, note jsonb) returns jsonb language sql stable as $$
    select jsonb_strip_nulls(note - '{name, like, inherits, alters, distkey, sortkey, required, encodings, foreign_keys}'::text[] || jsonb_build_object(
        'distkey', redshift.column_number(relation, note ->> 'distkey'),
        'required', (
            select jsonb_agg(redshift.column_number(relation, r.name))
            from jsonb_array_elements_text(note -> 'required') as r(name)
        ),
        'sortkey', case when note ? 'sortkey' then (
            select jsonb_agg(redshift.column_number(relation, k.name) order by k.place)
            from jsonb_array_elements_text(note -> 'sortkey') with ordinality as k(name, place)
        ) end,
        'encodings', case when note ? 'encodings' then (
            select jsonb_object_agg(redshift.column_number(relation, e.key), e.value)
            from jsonb_each(note -> 'encodings') as e where redshift.column_number(relation, e.key) is not null
        ) end
    ))
$$;

-- The same backwards, for a table LIKE another; keys are not taken over.
create function redshift.named(relation oid, stored jsonb) returns jsonb language sql stable as $$
    select jsonb_strip_nulls(stored - '{keys, required, distkey, sortkey, encodings}'::text[] || jsonb_build_object(
        'distkey', (select attname from pg_attribute where attrelid = relation and attnum = (stored -> 'distkey')::smallint),
        'sortkey', case when stored ? 'sortkey' then (
            select jsonb_agg(a.attname order by k.place)
            from jsonb_array_elements(stored -> 'sortkey') with ordinality as k(number, place)
            inner join pg_attribute as a on a.attrelid = relation and a.attnum = k.number::smallint
        ) end,
        'encodings', case when stored ? 'encodings' then (
            select jsonb_object_agg(a.attname, e.value)
            from jsonb_each(stored -> 'encodings') as e
            inner join pg_attribute as a on a.attrelid = relation and a.attnum = e.key::smallint
        ) end
    ))
$$;

create function redshift.stored(relation oid) returns jsonb language sql stable as $$
    select description::jsonb from pg_description
    where objoid = relation and classoid = 'pg_class'::regclass and objsubid = redshift.storage_place()
$$;

-- How a table is stored of whose rows, as they are, a table is made (local/redshift/sql/simple_source.py): its distribution,
-- and of its sort key the columns in front that are selected.
create function redshift.inherited(source oid, columns jsonb) returns jsonb language sql stable as $$
    with selected as (
        select a.attnum as source, row_number() over (order by c.place, a.attnum) as number
        from jsonb_array_elements_text(columns) with ordinality as c(name, place)
        left join pg_attribute as a
            on a.attrelid = source and a.attnum > 0 and not a.attisdropped and (c.name = '*' or c.name = a.attname)
    ),
    sorted as (
        select k.place, (select min(s.number) from selected as s where s.source = k.number::smallint) as number
        from jsonb_array_elements(redshift.stored(source) -> 'sortkey') with ordinality as k(number, place)
    ),
    kept as (
        select jsonb_agg(number order by place) as numbers from sorted
        where not exists (select from sorted as missing where missing.number is null and missing.place <= sorted.place)
    ),
    found as (
        select
            d.stored ->> 'diststyle' as diststyle, kept.numbers, d.stored ->> 'sortstyle' as sortstyle,
            (select min(s.number) from selected as s where s.source = (d.stored -> 'distkey')::smallint) as distkey
        from (select redshift.stored(source) as stored) as d cross join kept
    )
    select jsonb_strip_nulls(jsonb_build_object(
        'diststyle', case when diststyle <> 'KEY' or distkey is not null then diststyle end, 'distkey', distkey,
        'sortstyle', case when numbers is not null then sortstyle end, 'sortkey', numbers
    ))
    from found
$$;

create function redshift.keep_storage(id oid, note jsonb) returns void language plpgsql as $$
declare
    former jsonb := redshift.stored(id);
    fresh jsonb := redshift.numbered(id, note);
    model oid := to_regclass(note ->> 'like');
begin
    if model is not null then
        fresh := redshift.numbered(id, redshift.named(model, coalesce(redshift.stored(model), '{}'))) || fresh;
    end if;
    if note ? 'inherits' then
        fresh := (
            redshift.inherited(to_regclass(note -> 'inherits' ->> 'from'), note -> 'inherits' -> 'columns')
            - case when fresh ? 'diststyle' then '{diststyle, distkey}'::text[] else '{}' end
            - case when fresh ? 'sortstyle' then '{sortstyle, sortkey}'::text[] else '{}' end
        ) || fresh;
    end if;
    perform redshift.refuse_storage(id, note, former);
    perform redshift.refuse_nullable_key(id, fresh -> 'keys');
    if fresh ? 'keys' then
        perform redshift.tell_keys(id, fresh -> 'keys');
    end if;
    perform redshift.tell_foreign_key(id, key) from jsonb_array_elements(note -> 'foreign_keys') as key;
    if former is null then
        insert into pg_description values (id, 'pg_class'::regclass, redshift.storage_place(), fresh::text);
        return;
    end if;
    if fresh ? 'diststyle' then
        former := former - 'distkey';
    end if;
    if fresh ? 'sortstyle' then
        former := former - 'sortkey';
    end if;
    if fresh ? 'encode_auto' then
        former := former - 'encodings';
    elsif fresh ? 'encodings' then
        former := former - 'encode_auto';
        fresh := fresh || jsonb_build_object('encodings', coalesce(former -> 'encodings', '{}') || (fresh -> 'encodings'));
    end if;
    if fresh ? 'keys' then
        fresh := fresh || jsonb_build_object('keys', coalesce(former -> 'keys', '[]') || (fresh -> 'keys'));
    end if;
    update pg_description set description = (former || fresh)::text
    where objoid = id and classoid = 'pg_class'::regclass and objsubid = redshift.storage_place();
end
$$;

create function redshift.note_storage() returns event_trigger language plpgsql security definer as $$
begin
    if current_setting('redshift.tells_keys', true) = 'on' then
        return;
    end if;
    if tg_tag = 'ALTER TABLE' then
        perform set_config('redshift.tells_keys', 'on', true);
        perform redshift.disregard_keys(d.objid) from pg_event_trigger_ddl_commands() as d
        where d.classid = 'pg_class'::regclass and exists (select 1 from pg_index where indrelid = d.objid and indisunique);
        perform redshift.forget_foreign_keys(d.objid) from pg_event_trigger_ddl_commands() as d
        where d.classid = 'pg_class'::regclass;
        perform set_config('redshift.tells_keys', 'off', true);
    end if;
    if strpos(current_query(), '/*redshift:') = 0 then
        return;
    end if;
    perform redshift.keep_storage(d.objid, n.note)
    from pg_event_trigger_ddl_commands() as d
    inner join (
        select convert_from(decode(m[1], 'base64'), 'UTF8')::jsonb as note
        from regexp_matches(current_query(), '/[*]redshift:([A-Za-z0-9+/=]+)[*]/', 'g') as m
    ) as n on to_regclass(n.note ->> 'name') = d.objid
    where d.classid = 'pg_class'::regclass;
exception
    when data_exception then
        return;  -- not the front's comment: a text of the statement's that looks like one
end
$$;

-- The words are those that users of Redshift report: https://github.com/SQLMesh/sqlmesh/issues/1837
create function redshift.keep_keys() returns event_trigger language plpgsql as $$
declare
    key record;
begin
    select case when s.distkey = d.objsubid then 'distkey' else 'sortkey' end as kind, d.address_names[3] as name into key
    from pg_event_trigger_dropped_objects() as d inner join redshift.table_storage as s on s.table_id = d.objid
    where d.classid = 'pg_class'::regclass and d.objsubid > 0 and d.original
        and (s.distkey = d.objsubid or d.objsubid::smallint = any(s.sortkey));
    if found then
        raise exception 'cannot drop % column "%"', key.kind, key.name using errcode = '0A000';
    end if;
end
$$;

create event trigger redshift_keep_keys on sql_drop when tag in ('ALTER TABLE') execute function redshift.keep_keys();

create event trigger redshift_note_storage on ddl_command_end
when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'ALTER TABLE', 'CREATE MATERIALIZED VIEW', 'ALTER MATERIALIZED VIEW')
execute function redshift.note_storage();
