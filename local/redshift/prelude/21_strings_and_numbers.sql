-- Functions of strings and numbers, and JSON in strings and SUPER.

create function pg_catalog.rs_version() returns text language sql immutable as $$
    select 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), '
        'Redshift 1.0.0 (local)'
$$;

create function pg_catalog.len(value text) returns integer language sql immutable strict as $$ select length(value) $$;
create function pg_catalog.charindex(part text, value text) returns integer language sql immutable strict as $$
    select strpos(value, part)
$$;
create function pg_catalog.replicate(value text, times integer) returns text language sql immutable strict as $$
    select repeat(value, times)
$$;
create function pg_catalog.strtol(value text, base integer) returns bigint language plpgsql immutable strict as $$
declare
    digit integer;
    result bigint := 0;
begin
    foreach digit in array
        array(select strpos('0123456789abcdefghijklmnopqrstuvwxyz', d) - 1 from regexp_split_to_table(lower(value), '') as d)
    loop
        if digit < 0 or digit >= base then
            raise exception 'The input % is not valid to be converted to base %', value, base using errcode = '22P02';
        end if;
        result := result * base + digit;
    end loop;
    return result;
end
$$;
create function pg_catalog.sha1(value text) returns text language plpgsql immutable strict as $$
begin
    raise exception 'sha1 is not offered by the local Redshift: use sha2(value, 256)' using errcode = '0A000';
end
$$;
create function pg_catalog.sha2(value text, bits integer) returns text language sql immutable strict as $$
    select encode(
        case bits
            when 224 then sha224(convert_to(value, 'UTF8'))
            when 384 then sha384(convert_to(value, 'UTF8'))
            when 512 then sha512(convert_to(value, 'UTF8'))
            else sha256(convert_to(value, 'UTF8'))
        end,
        'hex'
    )
$$;

-- ROUND and TRUNC to a number of places take DOUBLE PRECISION too
create function pg_catalog.round(value double precision, places integer) returns double precision
language sql immutable strict as $$ select round(value::numeric, places)::double precision $$;
create function pg_catalog.trunc(value double precision, places integer) returns double precision
language sql immutable strict as $$ select trunc(value::numeric, places)::double precision $$;

-- VARBYTE: https://docs.aws.amazon.com/redshift/latest/dg/r_TO_VARBYTE.html, r_FROM_VARBYTE.html, r_FROM_HEX.html
create function pg_catalog.from_hex(value text) returns varbyte language sql immutable strict as $$
    -- an odd number of digits is led by a 0
    select decode(case when length(value) % 2 = 1 then '0' else '' end || value, 'hex')::varbyte
$$;
create function pg_catalog.to_hex(value bytea) returns text language sql immutable strict as $$
    select encode(value, 'hex')
$$;
create function pg_catalog.len(value bytea) returns integer language sql immutable strict as $$ select length(value) $$;
create function pg_catalog.rs_varbyte_format(format text) returns varchar language plpgsql immutable as $$
begin
    if lower(format) not in ('hex', 'base64', 'utf8', 'utf-8', 'utf_8') then
        raise exception 'the local Redshift knows no VARBYTE format %', format using errcode = '22023';
    end if;
    return replace(replace(lower(format), '-', ''), '_', '');
end
$$;
create function pg_catalog.to_varbyte(value text, format text) returns varbyte language sql immutable strict as $$
    select case rs_varbyte_format(format)
        when 'hex' then from_hex(value)
        when 'base64' then decode(value, 'base64')
        else convert_to(value, 'UTF8')
    end::varbyte
$$;
create function pg_catalog.from_varbyte(value bytea, format text) returns text language sql immutable strict as $$
    select case rs_varbyte_format(format)
        when 'utf8' then convert_from(value, 'UTF8')
        else replace(encode(value, rs_varbyte_format(format)), chr(10), '')
    end
$$;

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
language sql immutable strict as $$ select coalesce(value::jsonb #>> path, '') $$;
create function pg_catalog.json_array_length(value text) returns integer language sql immutable strict as $$
    select jsonb_array_length(value::jsonb)
$$;
create function pg_catalog.json_typeof(value jsonb) returns text language sql immutable strict as $$
    select jsonb_typeof(value)
$$;
