-- SUPER: text in and out is VARCHAR, so of 65535 bytes at most; JSON_PARSE takes longer ones as VARBYTE
-- (https://docs.aws.amazon.com/redshift/latest/dg/JSON_PARSE.html, JSON_SERIALIZE.html)
create function pg_catalog.json_parse(value text) returns super language plpgsql stable strict parallel safe as $$
begin
    return rs_parsed(case when octet_length(value) > 65535 then rs_too_long(value::varchar, 65535) else value end);
end
$$;
create function pg_catalog.json_parse(value bytea) returns super language plpgsql stable strict parallel safe as $$
begin
    return rs_parsed(convert_from(value, 'UTF8'));
end
$$;
create function pg_catalog.rs_json_serialize(value json) returns text language sql immutable as $$
    -- NULL is written as JSON writes it
    select rs_varchar(coalesce(value::text, 'null')::varchar, 65539, false)
$$;
-- has no such limit: https://docs.aws.amazon.com/redshift/latest/dg/r_json_size.html
create function pg_catalog.json_size(value json) returns integer language sql immutable as $$
    select coalesce(octet_length(value::text), 4)
$$;

-- SUPER: https://docs.aws.amazon.com/redshift/latest/dg/query-super.html
create function pg_catalog.rs_super_varchar(value json) returns text
language plpgsql immutable strict parallel safe as $$
begin
    -- of an array or object comes NULL: https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html
    case json_typeof(value)
        when 'string' then return value #>> '{}';
        when 'boolean' then return value::text;
        when 'number' then  -- a FLOAT has the digits here that it has anywhere else
            return case when value::text ~ 'e' then value::text::double precision::text else value::text end;
        else return null;
    end case;
end
$$;
-- OFFSET: the way to the value is gone once.
create function pg_catalog.rs_unnest(value json) returns table (element super, index bigint) language sql immutable as $$
    select e.value, e.ordinality - 1
    from (select value offset 0) as g(whole)
    cross join lateral json_array_elements(
        case json_typeof(g.whole) when 'array' then g.whole when 'null' then '[]' else rs_array(array[g.whole]) end
    ) with ordinality as e(value, ordinality)
    where g.whole is not null
$$;
create function pg_catalog.rs_unpivot(value json) returns table (attribute varchar, element super)
language sql immutable as $$
    select e.key, e.value
    from (select value offset 0) as g(whole)
    cross join lateral json_each(case json_typeof(g.whole) when 'object' then g.whole else '{}' end) as e(key, value)
$$;
create function pg_catalog.rs_array_concat(one json, other json) returns super language sql immutable strict as $$
    select case
        when json_typeof(one) <> 'array' or json_typeof(other) <> 'array' then null
        when one::text = '[]' then other
        when other::text = '[]' then one
        else rs_known_json(left(one::text, -1) || ',' || substr(other::text, 2), -1, false)
    end
$$;
create function pg_catalog.get_array_length(value json) returns bigint language sql immutable strict as $$
    select case when json_typeof(value) = 'array' then json_array_length(value) end
$$;
-- however deep: https://docs.aws.amazon.com/redshift/latest/dg/operators-functions.html
create function pg_catalog.rs_flat_elements(value json) returns setof json language plpgsql immutable strict as $$
declare
    element json;
begin
    for element in select e.value from json_array_elements(value) with ordinality as e(value, place) order by place loop
        if json_typeof(element) = 'array' then
            return query select rs_flat_elements(element);
        else
            return next element;
        end if;
    end loop;
end
$$;
create function pg_catalog.array_flatten(value json) returns super language sql immutable strict as $$
    select case when json_typeof(value) = 'array' then (
        select rs_in_brackets(string_agg(e.value::text, ',' order by e.place)) from rs_flat_elements(value) with ordinality as e(value, place)
    ) end
$$;
create function pg_catalog.split_to_array(value text, delimiter text default ',') returns super
language sql immutable strict as $$ select to_json(string_to_array(value, delimiter)) $$;
create function pg_catalog.subarray(value json, start integer, length integer) returns super
language sql immutable strict as $$
    select rs_in_brackets(string_agg(element::text, ',' order by place))
    from json_array_elements(value) with ordinality as e(element, place)
    where place > start and place <= start + length
$$;

-- What a SUPER value becomes as another type; what it cannot become is NULL, an integer as a BOOLEAN is true but for zero
-- (https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html). No number is a date or time
-- (https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html). For each type a function of its own: of a
-- variable PG_INPUT_IS_VALID keeps the first type that it was, and what is written once is navigated to once.
create function pg_catalog.rs_super_number(value json) returns numeric language plpgsql immutable strict parallel safe as $$
begin
    return case when json_typeof(value) = 'number' then value::text::numeric end;
end
$$;
-- To the scale of a quotient of DECIMALs of as many digits as the two numbers have:
-- https://docs.aws.amazon.com/redshift/latest/dg/operators-functions.html, r_numeric_computations201.html
create function pg_catalog.rs_super_quotient(one numeric, other numeric) returns numeric
language plpgsql immutable strict parallel safe as $$
declare
    digits integer := greatest(length(ltrim(replace(abs(one)::text, '.', ''), '0')), scale(one), 1);
    others integer := greatest(length(ltrim(replace(abs(other)::text, '.', ''), '0')), scale(other), 1);
    places integer := greatest(4, scale(one) + others - scale(other) + 1);
    beyond integer := digits - scale(one) + scale(other) + places - 38;
begin
    if beyond > 0 then
        places := greatest(places - beyond, 4);
    end if;
    return round(round(one, greatest(places, scale(one)) + 20) / other, places);
end
$$;
create function pg_catalog.rs_super_numeric(value json, scale integer, beyond numeric) returns numeric
language plpgsql immutable strict parallel safe as $$
declare
    told text;
    number numeric;
begin
    case json_typeof(value)
        when 'number' then number := value::text::numeric;
        when 'string' then
            told := value #>> '{}';
            if not pg_input_is_valid(told, 'numeric') then
                return null;
            end if;
            number := told::numeric;
        else return null;
    end case;
    number := round(number, scale);
    return case when abs(number) < beyond then number end;
end
$$;
do $do$
declare
    kind text[];
begin
    foreach kind slice 1 in array array[
        ['smallint', 'round(told::numeric)::text', 'null'], ['integer', 'round(told::numeric)::text', 'null'],
        ['bigint', 'round(told::numeric)::text', 'null'], ['real', 'told', 'null'], ['double precision', 'told', 'null'],
        ['boolean', 'case when told !~ ''[.e]'' then (told::numeric <> 0)::text end', 'told'],
        ['date', 'null', 'null'], ['time', 'null', 'null'], ['timetz', 'null', 'null'], ['timestamp', 'null', 'null'],
        ['timestamptz', 'null', 'null']
    ] loop
        execute format(
            $create$
                create function pg_catalog.%I(value json) returns %s language plpgsql stable strict parallel safe as $body$
                declare
                    told text := value #>> '{}';
                begin
                    case json_typeof(value)
                        when 'number' then told := %s;
                        when 'boolean' then told := %s;
                        when 'string' then null;
                        else return null;
                    end case;
                    return case when pg_input_is_valid(told, %L) then told end;
                end
                $body$
            $create$,
            'rs_super_' || replace(kind[1], ' ', '_'), kind[1], kind[2], kind[3], kind[1]
        );
    end loop;
end
$do$;
-- of any other
create function pg_catalog.rs_super_scalar(value json) returns text language plpgsql immutable strict parallel safe as $$
begin
    return case when json_typeof(value) in ('number', 'string') then value #>> '{}' end;
end
$$;
create function pg_catalog.is_char(value json) returns boolean language sql immutable strict as $$
    select json_typeof(value) = 'string' and (value #>> '{}') !~ E'[^\\x01-\\x7f]'
$$;
create function pg_catalog.rs_super_digits(value json) returns text language plpgsql immutable strict as $$
begin
    if json_typeof(value) <> 'number' then
        raise exception 'DECIMAL_PRECISION and DECIMAL_SCALE of a SUPER value that is no number are not offered by the local Redshift'
            using errcode = '0A000';
    end if;
    return ltrim(abs(value::text::numeric)::text, '0');
end
$$;
create function pg_catalog.decimal_precision(value json) returns integer language sql immutable strict as $$
    select greatest(length(replace(rs_super_digits(value), '.', '')), 1)
$$;
create function pg_catalog.decimal_scale(value json) returns integer language sql immutable strict as $$
    select scale((case when rs_super_digits(value) is not null then value::text end)::numeric)
$$;

-- Comparisons: https://docs.aws.amazon.com/redshift/latest/dg/query-super.html
create function pg_catalog.rs_super_compared(one json, other json) returns integer
language plpgsql immutable strict parallel safe as $$
begin
    return case when json_typeof(one) = json_typeof(other) then rs_super_cmp(one, other) end;
end
$$;
create function pg_catalog.rs_super_lt(one json, other json) returns boolean language sql immutable as $$
    select rs_super_compared(one, other) < 0
$$;
create function pg_catalog.rs_super_le(one json, other json) returns boolean language sql immutable as $$
    select rs_super_compared(one, other) <= 0
$$;
create function pg_catalog.rs_super_gt(one json, other json) returns boolean language sql immutable as $$
    select rs_super_compared(one, other) > 0
$$;
create function pg_catalog.rs_super_ge(one json, other json) returns boolean language sql immutable as $$
    select rs_super_compared(one, other) >= 0
$$;

-- A FLOAT keeps all its digits in a SUPER, whatever the session shows of it as text.
create function pg_catalog.rs_float_super(value anyelement) returns json
language plpgsql stable parallel safe set extra_float_digits = 1 as $$
begin
    if pg_typeof(value) in ('real'::regtype, 'double precision'::regtype) then
        return rs_known_json(rs_float_text(value::text::double precision), -1, false);
    end if;
    return to_json(value);
end
$$;
-- A column takes what becomes SUPER where it stands there, a string as a string
-- (https://docs.aws.amazon.com/redshift/latest/dg/ingest-super.html).
do $$
declare
    kind text;
begin
    foreach kind in array array['varchar', 'bpchar', 'smallint', 'integer', 'bigint', 'numeric', 'boolean', 'real', 'float8'] loop
        execute format(
            'create function pg_catalog.rs_to_super(value %s) returns json language sql stable strict as '
            '''select %s(value)''', kind, case when kind in ('real', 'float8') then 'rs_float_super' else 'to_json' end
        );
        execute format('create cast (%s as json) with function pg_catalog.rs_to_super(%s) as assignment', kind, kind);
    end loop;
end
$$;
