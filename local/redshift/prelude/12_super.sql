-- SUPER is the text of its JSON, which keeps an object's attributes in the order in which they were written, and the
-- digits of numbers. It is always in one spelling, which is what Redshift prints: no blanks between tokens, no escapes that
-- JSON does not ask for, and a FLOAT, and nothing else, with an exponent, as 2.22e+0
-- (https://docs.aws.amazon.com/redshift/latest/dg/r_is_float.html). What makes SUPER values spells them so: this, and
-- super_text.py where rows are loaded.

-- What is known to be JSON is not read again to find that out: the same bytes are another type. (n, false) do nothing.
create function pg_catalog.rs_known_json(value text, typmod integer, is_explicit boolean) returns json
language internal immutable strict parallel safe as 'varchar';

-- The digits are the fewest that are read as the same number.
create function pg_catalog.rs_float_text(value double precision) returns text
language plpgsql immutable strict parallel safe set extra_float_digits = 1 as $$
declare
    told text[] := regexp_match(value::text, '^(-?)([0-9]+)[.]?([0-9]*)(?:e([+-][0-9]+))?$');
    digits text := told[2] || told[3];
    exponent integer := coalesce(told[4]::integer, 0) + length(told[2]) - 1 - length(digits) + length(ltrim(digits, '0'));
begin
    if told is null then  -- NaN and the infinities, which JSON does not have
        return to_json(value::text)::text;
    end if;
    digits := trim(digits, '0');
    return told[1] || case when digits = '' then '0e+0' else
        left(digits, 1) || rtrim('.' || substr(digits, 2), '.') || 'e' || case when exponent < 0 then '-' else '+' end || abs(exponent)
    end;
end
$$;
create function pg_catalog.rs_number_text(value text) returns text language sql immutable strict parallel safe as $$
    select case when value ~ '[eE]' then rs_float_text(value::double precision) else value::numeric::text end
$$;

-- Of a text that is known to be JSON. PostgreSQL writes JSON anew, without blanks, where it leaves out what is null. So that
-- it leaves out nothing, null is a number meanwhile that nobody writes, also in strings, where it becomes null again.
create function pg_catalog.rs_spelt(value text) returns text language plpgsql immutable strict parallel safe as $$
declare
    other constant text := '7e-77777770123';
    told text := value;
begin
    if position('null' in told) = 0 then
        told := json_strip_nulls(rs_known_json(told, -1, false))::text;
    elsif position(other in told) = 0 then
        told := replace(
            json_strip_nulls(rs_known_json(replace(told, 'null', other), -1, false))::text, other, 'null'
        );
    else
        raise exception 'a number that the local Redshift keeps for itself: %', other using errcode = '0A000';
    end if;
    if told ~ '(?:^|[:,[])-?[0-9.]+[eE]|(?:^|[:,[])-0' then
        told := (
            select string_agg(coalesce(rs_number_text(part[2]), part[1]), '' order by place)
            from regexp_matches(told, E'("(?:[^"\\\\]|\\\\.)*"|[^-"0-9]+)|(-?[0-9][-+.0-9eE]*)', 'g') with ordinality
                as parts(part, place)
        );
    end if;
    return told;
end
$$;

-- Of attributes of one name in an object the last stays
-- (https://docs.aws.amazon.com/redshift/latest/dg/super-configurations.html).
create function pg_catalog.rs_without_repeats(value json) returns text language plpgsql immutable strict parallel safe as $$
begin
    return case json_typeof(value)
        when 'object' then (
            select '{' || coalesce(string_agg(to_json(m.key)::text || ':' || rs_without_repeats(m.value), ',' order by m.place), '') || '}'
            from (
                select e.key, e.value, e.place, row_number() over (partition by e.key order by e.place desc) as copy
                from json_each(value) with ordinality as e(key, value, place)
            ) as m where m.copy = 1
        )
        when 'array' then (
            select '[' || coalesce(string_agg(rs_without_repeats(e.value), ',' order by e.place), '') || ']'
            from json_array_elements(value) with ordinality as e(value, place)
        )
        else value::text
    end;
end
$$;

create function pg_catalog.rs_parsed(value text) returns json language plpgsql stable strict parallel safe as $$
declare
    told text := value;
begin
    if not told is json with unique keys then
        told := told::json::text;  -- fails where it is none
        if not current_setting('redshift.json_parse_dedup_attributes')::boolean then
            raise exception 'JSON_PARSE: an object has two attributes of one name' using
                errcode = '22030', hint = 'SET json_parse_dedup_attributes TO ON keeps the last one.';
        end if;
        told := rs_without_repeats(told::json);
    end if;
    if told ~ E'[[{:,][ \\t\\r\\n]|[ \\t\\r\\n][]}:,]|^[ \\t\\r\\n]|[ \\t\\r\\n]$|\\\\|(?:^|[:,[])-?[0-9.]+[eE]|(?:^|[:,[])-0' then
        told := rs_spelt(told);
    end if;
    return rs_known_json(told, -1, false);
end
$$;

-- Values are put together as text.
create function pg_catalog.rs_array(items json[]) returns json language sql immutable parallel safe as $$
    select rs_known_json('[' || array_to_string(items::text[], ',', 'null') || ']', -1, false)
$$;
create function pg_catalog.rs_object(names text[], items json[]) returns json language plpgsql immutable parallel safe as $$
begin
    if array_position(names, null) is not null then
        raise exception 'OBJECT: the name of an attribute is NULL' using errcode = '22004';
    elsif (select count(distinct name) < count(*) from unnest(names) as n(name)) then
        raise exception 'OBJECT: two attributes of one name; no page tells which Redshift keeps' using errcode = '22030';
    end if;
    return rs_known_json(
        '{' || coalesce(
            (
                select string_agg(to_json(m.name)::text || ':' || coalesce(m.item::text, 'null'), ',' order by m.place)
                from unnest(names, items) with ordinality as m(name, item, place)
            ), ''
        ) || '}',
        -1,
        false
    );
end
$$;
create function pg_catalog.rs_in_brackets(elements text) returns json language sql immutable parallel safe as $$
    select rs_known_json('[' || coalesce(elements, '') || ']', -1, false)
$$;
