-- SUPER: text in and out is VARCHAR, so of 65535 bytes at most; JSON_PARSE takes longer ones as VARBYTE
-- (https://docs.aws.amazon.com/redshift/latest/dg/JSON_PARSE.html, JSON_SERIALIZE.html)
create function pg_catalog.json_parse(value text) returns super language sql immutable strict as $$
    select case when octet_length(value) > 65535 then rs_too_long(value::varchar, 65535) else value end::jsonb
$$;
create function pg_catalog.json_parse(value bytea) returns super language sql immutable strict as $$
    select convert_from(value, 'UTF8')::jsonb
$$;
create function pg_catalog.rs_json_text(value jsonb) returns text language sql immutable as $$
    -- PostgreSQL writes a blank after each comma and colon, Redshift none; NULL is written as JSON writes it
    select coalesce(regexp_replace(value::text, E'("(?:[^"\\\\]|\\\\.)*")|\\s', E'\\1', 'g'), 'null')
$$;
create function pg_catalog.rs_json_serialize(value jsonb) returns text language sql immutable as $$
    select rs_varchar(rs_json_text(value)::varchar, 65539, false)
$$;
-- has no such limit: https://docs.aws.amazon.com/redshift/latest/dg/r_json_size.html
create function pg_catalog.json_size(value jsonb) returns integer language sql immutable as $$
    select octet_length(rs_json_text(value))
$$;
create function pg_catalog.json_typeof(value jsonb) returns text language sql immutable strict as $$
    select jsonb_typeof(value)
$$;

-- SUPER: https://docs.aws.amazon.com/redshift/latest/dg/query-super.html
create function pg_catalog.rs_super_varchar(value jsonb) returns text language sql immutable strict as $$
    -- of an array or object comes NULL: https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html
    select case when jsonb_typeof(value) not in ('null', 'array', 'object') then value #>> '{}' end
$$;
create function pg_catalog.rs_unnest(value jsonb) returns table (element super, index bigint) language sql immutable as $$
    select e.value, e.ordinality - 1
    from jsonb_array_elements(
        case jsonb_typeof(value) when 'array' then value when 'null' then '[]' else jsonb_build_array(value) end
    ) with ordinality as e(value, ordinality)
    where value is not null
$$;
create function pg_catalog.rs_unpivot(value jsonb) returns table (attribute varchar, element super)
language sql immutable as $$
    select key, each.value from jsonb_each(case jsonb_typeof(value) when 'object' then value else '{}' end) as each(key, value)
$$;
create function pg_catalog.rs_array_concat(one jsonb, other jsonb) returns super language sql immutable strict as $$
    select case when jsonb_typeof(one) = 'array' and jsonb_typeof(other) = 'array' then one || other end
$$;
create function pg_catalog.get_array_length(value jsonb) returns bigint language sql immutable strict as $$
    select case when jsonb_typeof(value) = 'array' then jsonb_array_length(value) end
$$;
-- however deep: https://docs.aws.amazon.com/redshift/latest/dg/operators-functions.html
create function pg_catalog.rs_flat_elements(value jsonb) returns setof jsonb language plpgsql immutable strict as $$
declare
    element jsonb;
begin
    for element in select e.value from jsonb_array_elements(value) with ordinality as e(value, place) order by place loop
        if jsonb_typeof(element) = 'array' then
            return query select rs_flat_elements(element);
        else
            return next element;
        end if;
    end loop;
end
$$;
create function pg_catalog.array_flatten(value jsonb) returns super language sql immutable strict as $$
    select case when jsonb_typeof(value) = 'array' then (
        select coalesce(jsonb_agg(e.value order by e.place), '[]') from rs_flat_elements(value) with ordinality as e(value, place)
    ) end
$$;
create function pg_catalog.split_to_array(value text, delimiter text default ',') returns super
language sql immutable strict as $$ select to_jsonb(string_to_array(value, delimiter)) $$;
create function pg_catalog.subarray(value jsonb, start integer, length integer) returns super
language sql immutable strict as $$
    select coalesce(jsonb_agg(element order by place), '[]')
    from jsonb_array_elements(value) with ordinality as e(element, place)
    where place > start and place <= start + length
$$;

-- What a SUPER value becomes as another type; what it cannot become is NULL, an integer as a BOOLEAN is true but for zero
-- (https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html). Whether the type takes the text is asked where
-- it is written: of a variable PG_INPUT_IS_VALID keeps the first type that it was.
create function pg_catalog.rs_super_number(value jsonb) returns numeric language sql immutable strict as $$
    select case when jsonb_typeof(value) = 'number' then (value #>> '{}')::numeric end
$$;
create function pg_catalog.rs_super_scalar(value jsonb, target text) returns text language plpgsql immutable strict as $$
declare
    told text := value #>> '{}';
begin
    case jsonb_typeof(value)
        when 'number' then
            if target = 'boolean' then
                told := case when rs_super_number(value) % 1 = 0 and told !~ '[.]' then (told::numeric <> 0)::text end;
            elsif target in ('smallint', 'integer', 'bigint') then
                told := round(told::numeric)::text;
            end if;
        when 'string' then null;
        when 'boolean' then
            told := case target when 'boolean' then told end;
        else
            told := null;
    end case;
    return told;
end
$$;
create function pg_catalog.is_char(value jsonb) returns boolean language sql immutable strict as $$
    select jsonb_typeof(value) = 'string' and (value #>> '{}') !~ E'[^\\x01-\\x7f]'
$$;
create function pg_catalog.rs_super_digits(value jsonb) returns text language plpgsql immutable strict as $$
begin
    if jsonb_typeof(value) <> 'number' then
        raise exception 'DECIMAL_PRECISION and DECIMAL_SCALE of a SUPER value that is no number are not offered by the local Redshift'
            using errcode = '0A000';
    end if;
    return ltrim(abs((value #>> '{}')::numeric)::text, '0');
end
$$;
create function pg_catalog.decimal_precision(value jsonb) returns integer language sql immutable strict as $$
    select greatest(length(replace(rs_super_digits(value), '.', '')), 1)
$$;
create function pg_catalog.decimal_scale(value jsonb) returns integer language sql immutable strict as $$
    select scale((case when rs_super_digits(value) is not null then value #>> '{}' end)::numeric)
$$;

-- Comparisons: https://docs.aws.amazon.com/redshift/latest/dg/query-super.html
create function pg_catalog.rs_super_compared(one jsonb, other jsonb) returns integer language sql immutable strict as $$
    select case
        when jsonb_typeof(one) <> jsonb_typeof(other) then null
        when jsonb_typeof(one) = 'string' then rs_cmp((one #>> '{}')::varchar, (other #>> '{}')::varchar)
        when one < other then -1
        when one > other then 1
        else 0
    end
$$;
create function pg_catalog.rs_super_eq(one jsonb, other jsonb) returns boolean language sql immutable as $$
    select case when one is not null and other is not null then coalesce(rs_super_compared(one, other) = 0, false) end
$$;
create function pg_catalog.rs_super_ne(one jsonb, other jsonb) returns boolean language sql immutable as $$
    select not rs_super_eq(one, other)
$$;
create function pg_catalog.rs_super_lt(one jsonb, other jsonb) returns boolean language sql immutable as $$
    select rs_super_compared(one, other) < 0
$$;
create function pg_catalog.rs_super_le(one jsonb, other jsonb) returns boolean language sql immutable as $$
    select rs_super_compared(one, other) <= 0
$$;
create function pg_catalog.rs_super_gt(one jsonb, other jsonb) returns boolean language sql immutable as $$
    select rs_super_compared(one, other) > 0
$$;
create function pg_catalog.rs_super_ge(one jsonb, other jsonb) returns boolean language sql immutable as $$
    select rs_super_compared(one, other) >= 0
$$;

-- A FLOAT keeps all its digits in a SUPER, whatever the session shows of it as text.
create function pg_catalog.rs_float_super(value anyelement) returns jsonb
language sql stable set extra_float_digits = 1 as $$ select to_jsonb(value) $$;
