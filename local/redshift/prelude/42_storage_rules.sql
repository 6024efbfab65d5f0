-- What Redshift refuses of distribution, sort keys and encodings once the columns are known, and of a change of a column's
-- length. The wordings are not documented.

-- https://docs.aws.amazon.com/redshift/latest/dg/c_Compression_encodings.html; TIME is encoded as TIMESTAMP, VARBYTE as VARCHAR,
-- as their defaults are (r_CREATE_TABLE_NEW.html).
create function redshift.can_encode(encoding text, type_id oid) returns boolean language sql immutable as $$
    with families as (
        select case
            when type_id = 'smallint'::regtype then 2
            when type_id = 'integer'::regtype then 4
            when type_id in ('bigint'::regtype, 'numeric'::regtype) then 8
        end as number,
        type_id in (
            'date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype, 'time'::regtype, 'timetz'::regtype
        ) as is_time,
        type_id in ('real'::regtype, 'double precision'::regtype) as is_float,
        type_id in ('varchar'::regtype, 'bpchar'::regtype, 'pg_catalog.varbyte'::regtype, 'text'::regtype) as is_text
    )
    select coalesce(case encoding
        when 'az64' then number is not null or is_time
        when 'bytedict' then number is not null or is_time or is_float or is_text
        when 'delta' then number is not null or is_time
        when 'delta32k' then number >= 4 or is_time
        when 'lzo' then number is not null or is_time or is_text or type_id = 'pg_catalog.super'::regtype
        when 'mostly8' then number is not null
        when 'mostly16' then number >= 4
        when 'mostly32' then number >= 8
        when 'runlength' then number is not null or is_time or is_float or is_text or type_id = 'boolean'::regtype
        when 'text255' then type_id = 'varchar'::regtype
        when 'text32k' then type_id = 'varchar'::regtype
        else true
    end, false)
    from families
$$;

-- `note` is what a statement says (storage.py), `former` what was kept of the table before it, null for a new one.
-- What is no key: https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html,
-- https://docs.aws.amazon.com/redshift/latest/dg/r_VARBYTE_type.html#varbyte-limitations
create function redshift.refuse_storage(relation oid, note jsonb, former jsonb) returns void language plpgsql as $$
declare
    named record;
    is_interleaved boolean := coalesce(former ->> 'sortstyle', '') = 'INTERLEAVED';
begin
    for named in
        select n.kind, n.name, n.encoding, a.attnum, a.atttypid
        from (
            select 'distribution key', note ->> 'distkey', null where note ? 'distkey'
            union all
            select 'sort key', k.name, null from jsonb_array_elements_text(note -> 'sortkey') as k(name)
            union all
            select 'encoding', e.key, e.value from jsonb_each_text(note -> 'encodings') as e
        ) as n(kind, name, encoding)
        left join pg_attribute as a on a.attrelid = relation and a.attnum = redshift.column_number(relation, n.name)
    loop
        if named.attnum is null then
            raise exception 'column "%" does not exist', named.name using errcode = '42703';
        elsif named.encoding is null and named.atttypid in ('pg_catalog.super'::regtype, 'pg_catalog.varbyte'::regtype) then
            raise exception 'column "%" of type % cannot be a %', named.name, rs_type_name(named.atttypid), named.kind
                using errcode = '0A000';
        elsif named.encoding is not null and not redshift.can_encode(named.encoding, named.atttypid) then
            raise exception 'encoding "%" is not supported for column "%" of type %',
                named.encoding, named.name, rs_type_name(named.atttypid) using errcode = '0A000';
        elsif named.encoding is not null and note ? 'alters'
            and redshift.encoding(relation, named.attnum, named.atttypid) = coalesce(nullif(named.encoding, 'raw'), 'none')
        then
            raise exception 'column "%" has the encoding "%" already', named.name, named.encoding using errcode = '0A000';
        end if;
    end loop;
    if exists (select from pg_constraint where conrelid = relation and contype = 'p')
        and exists (select from jsonb_array_elements_text(note -> 'keys') as k(key) where k.key ~* 'primary[[:space:]]+key')
    then
        raise exception 'multiple primary keys for table "%" are not allowed', relation::regclass using errcode = '42P16';
    end if;
    -- https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html
    if note ? 'alters' and is_interleaved and (note ? 'diststyle' or note ? 'encodings') then
        raise exception 'distribution and encodings of a table with an interleaved sort key cannot be altered'
            using errcode = '0A000';
    elsif note ? 'alters' and note ->> 'diststyle' in ('ALL', 'EVEN')
        and (select relpersistence from pg_class where oid = relation) = 't'
    then
        raise exception 'the distribution style of a temporary table cannot be altered' using errcode = '0A000';
    end if;
end
$$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html (ALTER COLUMN TYPE)
create procedure pg_catalog.rs_alter_type(target text, name text, kind text, length integer) language plpgsql as $$
declare
    relation regclass := target::regclass;
    old record;
    fits name;
begin
    select a.attnum, a.atthasdef, t.typname, redshift.encoding(relation, a.attnum, a.atttypid) as encoding into old
    from pg_attribute as a inner join pg_type as t on t.oid = a.atttypid
    where a.attrelid = relation and a.attname = name and a.attnum > 0;
    if not found then
        raise exception 'column "%" of relation "%" does not exist', name, target using errcode = '42703';
    elsif old.typname <> kind then
        raise exception 'column "%" is no % column, of which alone ALTER COLUMN TYPE changes the length', name, upper(kind)
            using errcode = '0A000';
    elsif old.encoding in ('bytedict', 'runlength', 'text255', 'text32k') then
        raise exception 'cannot alter column "%" with encoding %', name, old.encoding using errcode = '0A000';
    elsif old.atthasdef then
        raise exception 'cannot alter column "%", which has a default value', name using errcode = '0A000';
    elsif exists (select from pg_constraint where contype in ('p', 'u', 'f') and (
        conrelid = relation and old.attnum = any(conkey) or confrelid = relation and old.attnum = any(confkey)
    )) then
        raise exception 'cannot alter column "%", which is part of a key', name using errcode = '0A000';
    end if;
    if kind = 'varchar' then
        execute format('alter table %s alter column %I type varchar(%s)', relation, name, length);
        return;
    end if;
    -- the length of a VARBYTE column is that of its check (see ddl.py)
    for fits in
        select conname from pg_constraint where conrelid = relation and contype = 'c' and conkey = array[old.attnum]
    loop
        execute format('alter table %s drop constraint %I', relation, fits);
    end loop;
    execute format('alter table %s add check (pg_catalog.rs_fits_varbyte(%I, %s))', relation, name, length);
end
$$;
