-- What queries need of functions besides those of their own names: what the front writes calls of, and what it asks.

-- What names mean to a session: one row for each relation that there is (see sql/translate.py). Parts of a name are
-- joined by U+001F; so are a column's name, its type and, if there is one, what n (NOT NULL) and i (IDENTITY) say of it;
-- columns by U+001E, each in its place: one that was dropped is empty. The last is of late-binding views (40_late_binding.sql).
create function pg_catalog.rs_relations(variadic names text[])
returns table (relation text, whose text, columns text, id oid, relation_schema text, keeps_case boolean)
language plpgsql stable as $$
begin
    return query
    select
        n.name,
        case
            when found.schema_name in ('pg_catalog', 'information_schema') then 't'
            when found.relkind = 'v' then 'w'
            else 'f'
        end,
        (
            select
                string_agg(
                    case
                        when a.attisdropped then ''
                        when a.attnotnull or a.attidentity <> ''
                            then
                                a.attname || chr(31) || format_type(a.atttypid, a.atttypmod) || chr(31)
                                || case
                                    when a.attnotnull and (a.attidentity = '' or rs_is_required(a.attrelid, a.attnum)) then 'n'
                                    else ''
                                end
                                || case when a.attidentity <> '' then 'i' else '' end
                        else a.attname || chr(31) || format_type(a.atttypid, a.atttypmod)
                    end,
                    chr(30) order by a.attnum
                )
            from pg_attribute as a
            where a.attrelid = found.id and a.attnum > 0
        ),
        found.id,
        found.schema_name,
        case when found.relkind = 'v' then (select v.keeps_case from redshift.late_binding_view_case as v where v.view_id = found.id) end
    from unnest(names) as n(name)
    cross join lateral (
        select
            case
                when s.nspname = 'pg_catalog' and c.relname in ('pg_attrdef', 'pg_type')  -- 55_driver_catalog.sql
                    then to_regclass('redshift.' || substr(c.relname, 4))::oid
                else c.oid
            end as id,
            s.nspname::text as schema_name,
            c.relkind
        from pg_class as c inner join pg_namespace as s on c.relnamespace = s.oid
        where c.relname = split_part(n.name, chr(31), -1) and c.relkind in ('r', 'v', 'm', 'p')
            and case
                when strpos(n.name, chr(31)) > 0 then s.nspname = split_part(n.name, chr(31), -2)
                else s.nspname = any(current_schemas(true))
            end
        order by array_position(current_schemas(true), s.nspname)
        limit 1
    ) as found;
end
$$;

-- The functions of users that are called so, and the type that all of a name return; empty where they return several.
create function pg_catalog.rs_functions(variadic names text[])
returns table (function_name text, result text) language sql stable as $$
    select
        p.proname::text,
        case when count(distinct p.prorettype) = 1 then format_type(min(p.prorettype), null) else '' end
    from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid
    where p.proname = any(names) and n.nspname not in ('pg_catalog', 'information_schema', 'redshift')
    group by p.proname
$$;

create function pg_catalog.rs_compare(one anyelement, other anyelement) returns integer language sql immutable strict as $$
    select case when one > other then 1 when one < other then -1 else 0 end
$$;

-- Aggregates over a window that pass NULLs by: https://docs.aws.amazon.com/redshift/latest/dg/r_WF_first_value.html
create function pg_catalog.rs_keep(state anyelement, value anyelement) returns anyelement
language sql immutable strict as $$ select state $$;
create function pg_catalog.rs_take(state anyelement, value anyelement) returns anyelement
language sql immutable strict as $$ select value $$;
create aggregate pg_catalog.rs_first(anyelement) (sfunc = pg_catalog.rs_keep, stype = anyelement);
create aggregate pg_catalog.rs_last(anyelement) (sfunc = pg_catalog.rs_take, stype = anyelement);

-- the nth of them from the first, or of a negative number from the last
create function pg_catalog.rs_collect(state anycompatiblearray, value anycompatible) returns anycompatiblearray
language sql immutable as $$ select case when value is null then state else array_append(state, value) end $$;
create aggregate pg_catalog.rs_values(anycompatible) (sfunc = pg_catalog.rs_collect, stype = anycompatiblearray, initcond = '{}');
create function pg_catalog.rs_pick(found anyarray, place integer) returns anyelement language sql immutable strict as $$
    select found[case when place > 0 then place else cardinality(found) + 1 + place end]
$$;

-- Percentiles over a window, where PostgreSQL takes no WITHIN GROUP: the state is the fraction and the values.
create function pg_catalog.rs_percentile_add(state double precision[], value double precision, fraction double precision)
returns double precision[] language sql immutable as $$
    select case when value is null then state else array_append(coalesce(state, array[fraction]), value) end
$$;
create function pg_catalog.rs_percentile_cont_of(state double precision[]) returns double precision
language sql immutable strict as $$
    select percentile_cont(state[1]) within group (order by value) from unnest(state[2:]) as value
$$;
create function pg_catalog.rs_percentile_disc_of(state double precision[]) returns double precision
language sql immutable strict as $$
    select percentile_disc(state[1]) within group (order by value) from unnest(state[2:]) as value
$$;
create aggregate pg_catalog.rs_percentile_cont(double precision, double precision) (
    sfunc = pg_catalog.rs_percentile_add, stype = double precision[], finalfunc = pg_catalog.rs_percentile_cont_of
);
create aggregate pg_catalog.rs_percentile_disc(double precision, double precision) (
    sfunc = pg_catalog.rs_percentile_add, stype = double precision[], finalfunc = pg_catalog.rs_percentile_disc_of
);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_LISTAGG.html; trailing blanks of VARCHARs do not make them distinct
create aggregate pg_catalog.rs_string_agg(varchar, varchar) (
    sfunc = string_agg_transfn, stype = internal, finalfunc = string_agg_finalfn
);
create function pg_catalog.rs_listagg(value text) returns varchar language plpgsql immutable strict as $$
begin
    if octet_length(value) > 65535 then
        raise exception 'Result size exceeds LISTAGG limit' using errcode = '22001';
    end if;
    return value;
end
$$;

create function pg_catalog.rs_collect_distinct(state text[], value text, delimiter text) returns text[]
language sql immutable as $$
    select case
        when value is null or value::varchar = any(state[2:]::varchar[]) then state
        else array_append(coalesce(state, array[delimiter]), value)
    end
$$;
create function pg_catalog.rs_list_distinct(state text[]) returns text language sql immutable strict as $$
    select array_to_string(state[2:], state[1])
$$;
create aggregate pg_catalog.rs_listagg_distinct(text, text) (
    sfunc = pg_catalog.rs_collect_distinct, stype = text[], finalfunc = pg_catalog.rs_list_distinct
);

-- https://docs.aws.amazon.com/redshift/latest/dg/SPLIT_PART.html
create function pg_catalog.rs_split_part(value text, delimiter text, part integer) returns varchar
language plpgsql immutable strict as $$
begin
    if part < 1 then
        raise exception 'field position must be greater than zero' using errcode = '22023';
    end if;
    return split_part(value, delimiter, part);
end
$$;

-- Regular expressions: https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_SUBSTR.html and its neighbours. A flag e
-- asks for the first subexpression; p, for a Perl dialect, is not offered.
create function pg_catalog.rs_regexp_flags(flags text) returns text language plpgsql immutable strict as $$
begin
    if flags ~ '[^ceip]' or flags ~ 'p' then
        raise exception 'the local Redshift does not offer the regular expression parameters "%"', flags
            using errcode = '0A000';
    end if;
    return replace(flags, 'e', '');
end
$$;
create function pg_catalog.rs_regexp_substr(
    value text, pattern text, start integer default 1, occurrence integer default 1, flags text default 'c'
) returns text language sql immutable strict as $$
    select case
        when start > length(value) then ''
        when occurrence between 1 and length(value) then coalesce(
            regexp_substr(
                value, pattern, greatest(start, 1), occurrence, rs_regexp_flags(flags), case when flags ~ 'e' then 1 else 0 end
            ), ''
        )
    end
$$;
create function pg_catalog.rs_regexp_count(value text, pattern text, start integer default 1, flags text default 'c')
returns integer language sql immutable strict as $$
    select regexp_count(value, pattern, greatest(start, 1), rs_regexp_flags(flags))
$$;
create function pg_catalog.rs_regexp_instr(
    value text, pattern text, start integer default 1, occurrence integer default 1, ending integer default 0,
    flags text default 'c'
) returns integer language sql immutable strict as $$
    select case when occurrence between 1 and length(value) then
        regexp_instr(value, pattern, greatest(start, 1), occurrence, (ending <> 0)::integer, rs_regexp_flags(flags))
    else 0 end
$$;
create function pg_catalog.rs_regexp_replace(
    value text, pattern text, replacement text default '', start integer default 1, flags text default 'c'
) returns text language sql immutable strict as $$
    select regexp_replace(value, pattern, replacement, greatest(start, 1), 0, rs_regexp_flags(flags))
$$;

-- https://docs.aws.amazon.com/redshift/latest/dg/SOUNDEX.html, DIFFERENCE.html
create function pg_catalog.soundex(value text) returns text language plpgsql immutable strict as $$
declare
    letters text := upper(regexp_replace(value, '[^A-Za-z]', '', 'g'));
    code text;
    last_code text;
    result text := left(letters, 1);
begin
    last_code := translate(result, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '01230120022455012623010202');
    for place in 2 .. length(letters) loop
        code := translate(substr(letters, place, 1), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '01230129022455012623019202');
        continue when code = '9';  -- H and W do not part letters of one code
        if code <> '0' and code <> last_code then
            result := result || code;
        end if;
        last_code := code;
    end loop;
    return case when result = '' then '' else left(rpad(result, 4, '0'), 4) end;
end
$$;
create function pg_catalog.difference(one text, other text) returns integer language sql immutable strict as $$
    select case when soundex(one) = '' and soundex(other) = '' then 1 else (
        select count(*)::integer from generate_series(1, 4) as place
        where substr(soundex(one), place, 1) = substr(soundex(other), place, 1)
    ) end
$$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_NEXT_DAY.html
create function pg_catalog.next_day(moment timestamp, day text) returns date language plpgsql immutable strict as $$
declare
    wanted integer := (strpos('SUMOTUWETHFRSA', upper(left(day, 2))) - 1) / 2;
begin
    if strpos('SUMOTUWETHFRSA', upper(left(day, 2))) % 2 = 0 then
        raise exception 'the day of the week "%" is not known', day using errcode = '22023';
    end if;
    return moment::date + (wanted - extract(dow from moment)::integer + 6) % 7 + 1;
end
$$;

create function pg_catalog.dateadd(part text, amount bigint, moment timestamptz) returns timestamptz
language sql stable strict as $$ select dateadd(part, amount, moment at time zone 'UTC') at time zone 'UTC' $$;
create function pg_catalog.dateadd(part text, amount bigint, moment date) returns timestamp
language sql immutable strict as $$ select dateadd(part, amount, moment::timestamp) $$;
create function pg_catalog.dateadd(part text, amount bigint, moment time) returns time
language sql immutable strict as $$ select dateadd(part, amount, '2000-01-01'::date + moment)::time $$;
create function pg_catalog.dateadd(part text, amount bigint, moment timetz) returns timetz
language sql immutable strict as $$
    select dateadd(part, amount, '2000-01-01'::date + (moment at time zone 'UTC')::time)::time at time zone 'UTC'
$$;
create function pg_catalog.datediff(part text, earlier time, later time) returns bigint
language sql immutable strict as $$ select datediff(part, '2000-01-01'::date + earlier, '2000-01-01'::date + later) $$;

-- JSON in strings: https://docs.aws.amazon.com/redshift/latest/dg/JSON_EXTRACT_PATH_TEXT.html
create function pg_catalog.rs_json_path(value text, is_null_if_invalid boolean, variadic path text[]) returns text
language plpgsql immutable strict as $$
begin
    if is_null_if_invalid and not value is json then
        return null;
    end if;
    return json_extract_path_text(value, variadic path);
end
$$;
create function pg_catalog.json_array_length(value text, is_null_if_invalid boolean) returns integer
language plpgsql immutable strict as $$
begin
    if is_null_if_invalid and not value is json array then
        return null;
    end if;
    return json_array_length(value);
end
$$;
create function pg_catalog.json_extract_array_element_text(
    value text, place integer, is_null_if_invalid boolean default false
) returns text language plpgsql immutable strict as $$
begin
    if place < 0 or is_null_if_invalid and not value is json array then
        return null;
    end if;
    return value::json ->> place;
end
$$;

-- CURRENT_SETTING of a name that is known when it runs: `own` are kept for the front under a prefix, `known` are
-- PostgreSQL's (settings.tsv); a name of two parts is a session context variable's.
create function pg_catalog.rs_current_setting(name text, fails_if_undefined boolean, own text[], known text[])
returns varchar language plpgsql stable as $$
begin
    if strpos(name, '.') > 0 then
        return current_setting(name, not coalesce(fails_if_undefined, true));
    elsif fails_if_undefined is not null then
        raise exception 'error_if_undefined is of session context variables alone' using errcode = '22023';
    elsif lower(name) = any(own) then
        return current_setting('redshift.' || lower(name));
    elsif lower(name) = any(known) then
        return current_setting(name);
    elsif name is not null then
        raise exception 'unrecognized configuration parameter "%"', name using errcode = '42704';
    end if;
    return null;
end
$$;
