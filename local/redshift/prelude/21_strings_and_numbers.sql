-- Functions of strings and numbers, and JSON in strings.

create function pg_catalog.rs_version() returns text language sql immutable as $$
    select 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), '
        'Redshift 1.0.0 (local)'
$$;

-- Letters of more than one byte have a case too (https://docs.aws.amazon.com/redshift/latest/dg/r_UPPER.html), which the
-- database's collation does not know of; what comes is of its collation again.
do $$
declare
    name text;
    letters text := coalesce((select collname from pg_collation where collname = 'pg_c_utf8'), 'C.utf8');
begin
    foreach name in array array['upper', 'lower', 'initcap'] loop
        execute format(
            'create function pg_catalog.rs_%1$s(value text) returns text language sql immutable strict as '
            '''select %1$s(value collate %2$I) collate "default"''', name, letters
        );
    end loop;
end
$$;
create function pg_catalog.len(value text) returns integer language sql immutable strict as $$ select length(value) $$;
create function pg_catalog.charindex(part text, value text) returns integer language sql immutable strict as $$
    select strpos(value, part)
$$;
create function pg_catalog.replicate(value text, times integer) returns text language sql immutable strict as $$
    select repeat(value, times)
$$;
-- NULL of what is no character of ASCII: https://docs.aws.amazon.com/redshift/latest/dg/r_CHR.html
create function pg_catalog.rs_chr(number bigint) returns text language sql immutable strict as $$
    select case when number between 1 and 127 then chr(number::integer) end
$$;
-- how many characters LEFT and RIGHT take: https://docs.aws.amazon.com/redshift/latest/dg/r_LEFT.html
create function pg_catalog.rs_characters(number bigint) returns integer language plpgsql immutable strict as $$
begin
    if number < 0 then
        raise exception 'LEFT and RIGHT take no negative number' using errcode = '22023';
    end if;
    return number;
end
$$;
-- https://docs.aws.amazon.com/redshift/latest/dg/r_STRTOL.html
create function pg_catalog.strtol(value text, base integer) returns bigint language plpgsql immutable strict as $$
declare
    sign text := substring(value from '^[[:space:]]*([-+]?)');
    digits text := lower(regexp_replace(value, '^[[:space:]]*[-+]?', ''));
    digit integer;
    result numeric := 0;
begin
    if base not between 2 and 36 then
        raise exception 'base must be between 2 and 36' using errcode = '22023';
    end if;
    if base = 16 then
        digits := regexp_replace(digits, '^0x', '');
    end if;
    foreach digit in array
        array(select strpos('0123456789abcdefghijklmnopqrstuvwxyz', d) - 1 from regexp_split_to_table(digits, '') as d)
    loop
        if digit < 0 or digit >= base then
            raise exception 'The input % is not valid to be converted to base %', value, base using errcode = '22P02';
        end if;
        result := result * base + digit;
    end loop;
    return case sign when '-' then -result else result end;
end
$$;
-- https://docs.aws.amazon.com/redshift/latest/dg/r_TEXT_TO_NUMERIC_ALT.html, r_TEXT_TO_INT_ALT.html: blank is 0, a sign may
-- stand behind; what is midway is rounded to the even neighbour, and an integer is cut
create function pg_catalog.rs_teradata_number(value text) returns numeric language sql immutable strict as $$
    select case
        when btrim(value) = '' then 0
        else regexp_replace(btrim(value), '^([^-+].*)([-+])$', E'\\2\\1')::numeric
    end
$$;
create function pg_catalog.rs_round_to_even(value numeric, places integer) returns numeric
language sql immutable strict as $$
    select case
        when abs(value - trunc(value, places)) * 10::numeric ^ places = 0.5
            then trunc(value, places) + case
                when trunc(value * 10::numeric ^ places) % 2 = 0 then 0 else sign(value) / 10::numeric ^ places
            end
        else round(value, places)
    end
$$;

-- ROUND and TRUNC to a number of places take DOUBLE PRECISION too
create function pg_catalog.round(value double precision, places integer) returns double precision
language sql immutable strict as $$ select round(value::numeric, places)::double precision $$;
create function pg_catalog.trunc(value double precision, places integer) returns double precision
language sql immutable strict as $$ select trunc(value::numeric, places)::double precision $$;

-- AVG of integers is an integer, cut (https://docs.aws.amazon.com/redshift/latest/dg/r_AVG.html)
alter function pg_catalog.avg(smallint) rename to rs_exact_avg;
alter function pg_catalog.avg(integer) rename to rs_exact_avg;
alter function pg_catalog.avg(bigint) rename to rs_exact_avg;
create function pg_catalog.rs_cut_avg(state numeric[]) returns bigint language sql immutable as $$
    select case when state[1] > 0 then trunc(state[2] / state[1])::bigint end
$$;
create function pg_catalog.rs_avg_add(state numeric[], value bigint) returns numeric[] language sql immutable as $$
    select case when value is null then state else array[state[1] + 1, state[2] + value] end
$$;
create function pg_catalog.rs_cut_avg(state bigint[]) returns bigint language sql immutable as $$
    select case when state[1] > 0 then state[2] / state[1] end
$$;
create aggregate pg_catalog.avg(smallint) (sfunc = int2_avg_accum, stype = bigint[], initcond = '{0,0}', finalfunc = pg_catalog.rs_cut_avg);
create aggregate pg_catalog.avg(integer) (sfunc = int4_avg_accum, stype = bigint[], initcond = '{0,0}', finalfunc = pg_catalog.rs_cut_avg);
create aggregate pg_catalog.avg(bigint) (sfunc = rs_avg_add, stype = numeric[], initcond = '{0,0}', finalfunc = pg_catalog.rs_cut_avg);

create function pg_catalog.rs_middle(state double precision[]) returns double precision language sql immutable as $$
    select percentile_cont(0.5) within group (order by value) from unnest(state) as value
$$;
create aggregate pg_catalog.median(double precision) (
    sfunc = array_append, stype = double precision[], initcond = '{}', finalfunc = pg_catalog.rs_middle
);

create function pg_catalog.can_json_parse(value text) returns boolean language sql immutable strict as $$
    select value is json
$$;
create function pg_catalog.is_valid_json(value text) returns boolean language sql immutable strict as $$
    select value is json object
$$;
create function pg_catalog.is_valid_json_array(value text) returns boolean language sql immutable strict as $$
    select value is json array
$$;
create function pg_catalog.json_extract_path_text(value text, variadic path text[]) returns text
language sql immutable strict as $$ select value::json #>> path $$;
create function pg_catalog.json_array_length(value text) returns integer language sql immutable strict as $$
    select json_array_length(value::json)
$$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_LOG.html: a number's logarithm, to the base of 10 or the one before it
create function pg_catalog.rs_log(double precision[]) returns double precision language sql immutable strict as $$
    select case cardinality($1) when 1 then log($1[1]) else ln($1[2]) / ln($1[1]) end
$$;

-- TO_CHAR: L is the dollar (https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_formating.html); TZ, of a TIMESTAMP,
-- the session's time zone (https://docs.aws.amazon.com/redshift/latest/dg/r_TO_CHAR.html).
create function pg_catalog.rs_number_format(format text) returns text language sql immutable as $$
    select case when format ~ '"' then format else regexp_replace(format, '(?<![Pp])[Ll]', '"$"', 'g') end
$$;
do $$
declare
    kind text;
begin
    foreach kind in array array['integer', 'bigint', 'numeric', 'real', 'double precision'] loop
        execute format(
            'create function pg_catalog.rs_to_char(value %s, format text) returns text language sql stable as '
            '''select to_char(value, rs_number_format(format))''', kind
        );
    end loop;
    foreach kind in array array['timestamptz', 'interval'] loop
        execute format(
            'create function pg_catalog.rs_to_char(value %s, format text) returns text language sql stable as '
            '''select to_char(value, format)''', kind
        );
    end loop;
end
$$;
create function pg_catalog.rs_to_char(value timestamp, format text) returns text language sql stable as $$
    select case when format ~* 'tz' then to_char(value::timestamptz, format) else to_char(value, format) end
$$;

-- Integers are BOOLEAN where a column wants it, and both become each other by a cast
-- (https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html#r_Type_conversion).
do $$
declare
    kind text;
begin
    foreach kind in array array['smallint', 'bigint'] loop
        execute format(
            'create function pg_catalog.rs_boolean(value %s) returns boolean language sql immutable strict as ''select value <> 0''', kind
        );
        execute format('create cast (%s as boolean) with function pg_catalog.rs_boolean(%s) as assignment', kind, kind);
        execute format(
            'create function pg_catalog.rs_%s(value boolean) returns %s language sql immutable strict as '
            '''select case when value then 1 else 0 end::%s''', kind, kind, kind
        );
        execute format('create cast (boolean as %s) with function pg_catalog.rs_%s(boolean)', kind, kind);
    end loop;
    update pg_cast set castcontext = 'a' where castsource = 'integer'::regtype and casttarget = 'boolean'::regtype;
end
$$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_enable_numeric_rounding.html: what a cast keeps of a DECIMAL. No
-- DECIMAL has 38 digits after the point.
create function pg_catalog.rs_kept(value numeric, places integer) returns numeric language sql stable as $$
    select trunc(value, case when current_setting('redshift.enable_numeric_rounding')::boolean then 38 else places end)
$$;
