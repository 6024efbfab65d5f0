-- ALTER TABLE target APPEND FROM source: https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE_APPEND.html
-- The wordings are not documented.

-- A column, how it is called if it can be appended (an identity column cannot), and what has to be the same.
create view redshift.appended_columns as
select
    a.attrelid as table_id,
    a.attname as name,
    a.attnum as number,
    a.attidentity = 'a' as is_identity,
    case when a.attidentity <> 'a' then a.attname end as key,
    concat_ws(
        ' ', rs_type_shown(a.atttypid, a.atttypmod), 'encode', redshift.encoding(a.attrelid, a.attnum, a.atttypid),
        case when a.attnotnull then 'not null' end
    ) as attributes
from pg_attribute as a
where a.attnum > 0 and not a.attisdropped;

-- The sort style, and the names of the sort key's columns.
create function redshift.sort_of(relation oid) returns text language sql stable as $$
    select coalesce((
        select s.sortstyle || coalesce((
            select string_agg(a.attname, ',' order by k.place)
            from unnest(s.sortkey) with ordinality as k(number, place)
            inner join pg_attribute as a on a.attrelid = relation and a.attnum = k.number
        ), '')
        from redshift.table_storage as s where s.table_id = relation
    ), 'AUTO')
$$;

-- The columns whose values move, as a list; an error where the tables do not fit.
create function pg_catalog.rs_append_columns(target oid, source oid, extra text) returns text
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    fault text;
begin
    select case
        when target = source then 'a table is not appended to itself'
        when (select count(distinct table_id) from redshift.appended_columns where table_id in (target, source) and is_identity) = 2
        then 'both tables have an identity column'
        when exists (select 1 from pg_class where oid in (target, source) and (relkind <> 'r' or relpersistence = 't'))
        then 'the local Redshift appends a permanent table to a permanent table'
        when redshift.diststyle(target) <> redshift.diststyle(source)
        then 'source and target have not the same distribution style and key'
        when redshift.sort_of(target) <> redshift.sort_of(source) then 'source and target have not the same sort style and key'
    end into fault;
    if fault is null then
        select case
            when t.key is not null and s.key is not null and t.attributes <> s.attributes
            then format('column "%s" is %s in the source and %s in the target', s.name, s.attributes, t.attributes)
            when t.name is null and extra <> 'ignoreextra'
            then format('the target has no column for "%s" of the source: IGNOREEXTRA passes it over', s.name)
            when s.name is null and extra <> 'filltarget'
            then format('the source has no column for "%s" of the target: FILLTARGET fills it', t.name)
        end into fault
        from (select * from redshift.appended_columns where table_id = source) as s
        full outer join (select * from redshift.appended_columns where table_id = target) as t on t.key = s.key
        order by 1
        limit 1;
    end if;
    if fault is not null then
        raise exception 'ALTER TABLE APPEND: %', fault using errcode = '42804';
    end if;
    return (
        select string_agg(quote_ident(t.name), ', ' order by t.number)
        from redshift.appended_columns as t
        inner join redshift.appended_columns as s on s.key = t.key and s.table_id = source
        where t.table_id = target
    );
end
$$;

create procedure pg_catalog.rs_append(target text, source text, extra text) language plpgsql as $$
declare
    "into" regclass := target::regclass;
    "from" regclass := source::regclass;
    names text := pg_catalog.rs_append_columns("into", "from", extra);
begin
    execute format('insert into %s (%s) select %s from %s', "into", names, names, "from");
    execute format('delete from %s', "from");
end
$$;
