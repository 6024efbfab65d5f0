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
    coalesce(s.keys, '{}') as keys                 -- as they were declared
from pg_catalog.pg_description as d
cross join lateral jsonb_to_record(d.description::jsonb) as s(
    diststyle text, distkey smallint, sortstyle text, sortkey smallint[], encode_auto boolean, encodings jsonb, keys text[]
)
where d.classoid = 'pg_catalog.pg_class'::regclass and d.objsubid = -1;

create function redshift.column_number(relation oid, name text) returns smallint language sql stable as $$
    select attnum from pg_attribute where attrelid = relation and attname = name and not attisdropped
$$;

-- What the front notes, with the numbers of columns in place of their names.
create function redshift.numbered(relation oid, note jsonb) returns jsonb language sql stable as $$
    select jsonb_strip_nulls(note - '{name, like, distkey, sortkey, encodings}'::text[] || jsonb_build_object(
        'distkey', redshift.column_number(relation, note ->> 'distkey'),
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
    select jsonb_strip_nulls(stored - '{keys, distkey, sortkey, encodings}'::text[] || jsonb_build_object(
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

-- A primary key's columns are NOT NULL: https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html
create function redshift.refuse_nullable_key(relation oid, keys jsonb) returns void language plpgsql as $$
declare
    nullable text;
begin
    select a.attname into nullable
    from jsonb_array_elements_text(coalesce(keys, '[]')) as k(definition)
    cross join lateral regexp_match(k.definition, 'primary[[:space:]]+key[[:space:]]*[(](.*)[)]', 'i') as m(columns)
    cross join lateral regexp_split_to_table(m.columns[1], ',') as c(name)
    inner join pg_attribute as a on a.attrelid = relation and a.attname = lower(trim(both '" ' from c.name))
    where not a.attnotnull
    limit 1;
    if nullable is not null then
        raise exception 'primary key cannot be added to the nullable column "%"', nullable using errcode = '42P16';
    end if;
end
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
    perform redshift.refuse_nullable_key(id, fresh -> 'keys');
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

create event trigger redshift_note_storage on ddl_command_end when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'ALTER TABLE')
execute function redshift.note_storage();
