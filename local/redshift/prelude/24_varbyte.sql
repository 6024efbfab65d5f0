-- VARBYTE: https://docs.aws.amazon.com/redshift/latest/dg/r_TO_VARBYTE.html, r_FROM_VARBYTE.html, r_FROM_HEX.html
create function pg_catalog.from_hex(value text) returns varbyte language sql immutable strict as $$
    -- an odd number of digits is led by a 0
    select decode(case when length(value) % 2 = 1 then '0' else '' end || value, 'hex')::varbyte
$$;
create function pg_catalog.to_hex(value bytea) returns text language sql immutable strict as $$
    select encode(value, 'hex')
$$;
create function pg_catalog.len(value bytea) returns integer language sql immutable strict as $$ select length(value) $$;
create function pg_catalog.rs_from_bits(value text) returns bytea language plpgsql immutable strict as $$
begin
    if length(value) % 8 <> 0 or value ~ '[^01]' then
        raise exception 'invalid binary digits: "%"', value using errcode = '22P02';
    end if;
    return coalesce(
        (select string_agg(decode(lpad(to_hex(substr(value, place, 8)::bit(8)::integer), 2, '0'), 'hex'), '' order by place)
         from generate_series(1, length(value), 8) as place),
        ''
    );
end
$$;
create function pg_catalog.rs_to_bits(value bytea) returns text language sql immutable strict as $$
    select coalesce(string_agg(get_byte(value, place)::bit(8)::text, '' order by place), '')
    from generate_series(0, octet_length(value) - 1) as place
$$;
create function pg_catalog.rs_varbyte_format(format text) returns varchar language plpgsql immutable as $$
begin
    if lower(format) not in ('hex', 'binary', 'base64', 'utf8', 'utf-8') then
        raise exception 'there is no VARBYTE format %', format using errcode = '22023';
    end if;
    return replace(lower(format), '-', '');
end
$$;
create function pg_catalog.to_varbyte(value text, format text) returns varbyte language sql immutable strict as $$
    select case rs_varbyte_format(format)
        when 'hex' then from_hex(value)
        when 'binary' then rs_from_bits(value)
        when 'base64' then decode(value, 'base64')
        else convert_to(value, 'UTF8')
    end::varbyte
$$;
create function pg_catalog.from_varbyte(value bytea, format text) returns text language sql immutable strict as $$
    select case rs_varbyte_format(format)
        when 'utf8' then convert_from(value, 'UTF8')
        when 'binary' then rs_to_bits(value)
        else replace(encode(value, rs_varbyte_format(format)), chr(10), '')
    end
$$;

-- A VARBYTE that becomes a text is read as UTF-8 (https://docs.aws.amazon.com/redshift/latest/dg/r_VARBYTE_type.html);
-- PostgreSQL would spell its digits.
create function pg_catalog.rs_varbyte_text(value bytea) returns text language sql immutable strict as $$
    select convert_from(value, 'UTF8')
$$;
create cast (bytea as text) with function pg_catalog.rs_varbyte_text(bytea);
create function pg_catalog.rs_varbyte_varchar(value bytea) returns varchar language sql immutable strict as $$
    select convert_from(value, 'UTF8')::varchar
$$;
create cast (bytea as varchar) with function pg_catalog.rs_varbyte_varchar(bytea);
create function pg_catalog.rs_varbyte_char(value bytea) returns bpchar language sql immutable strict as $$
    select convert_from(value, 'UTF8')::bpchar
$$;
create cast (bytea as bpchar) with function pg_catalog.rs_varbyte_char(bytea);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_VARBYTE_OPERATORS.html; of values of two lengths no page tells
create function pg_catalog.rs_varbyte_not(value bytea) returns varbyte language sql immutable strict as $$
    select rs_from_bits(translate(rs_to_bits(value), '01', '10'))::varbyte
$$;
create function pg_catalog.rs_bits_of(value bytea, other bytea) returns bit varying language plpgsql immutable strict as $$
begin
    if octet_length(value) <> octet_length(other) then
        raise exception 'bitwise operators on VARBYTE values of different lengths are not offered by the local Redshift'
            using errcode = '0A000';
    end if;
    return rs_to_bits(value)::bit varying;
end
$$;
create function pg_catalog.rs_varbyte_and(one bytea, other bytea) returns varbyte language sql immutable strict as $$
    select rs_from_bits((rs_bits_of(one, other) & rs_bits_of(other, one))::text)::varbyte
$$;
create function pg_catalog.rs_varbyte_or(one bytea, other bytea) returns varbyte language sql immutable strict as $$
    select rs_from_bits((rs_bits_of(one, other) | rs_bits_of(other, one))::text)::varbyte
$$;
create function pg_catalog.rs_varbyte_concat(one bytea, other bytea) returns varbyte language sql immutable strict as $$
    select (one || other)::varbyte
$$;
create operator pg_catalog.~ (function = pg_catalog.rs_varbyte_not, rightarg = bytea);
create operator pg_catalog.& (function = pg_catalog.rs_varbyte_and, leftarg = bytea, rightarg = bytea);
create operator pg_catalog.| (function = pg_catalog.rs_varbyte_or, leftarg = bytea, rightarg = bytea);
create operator pg_catalog.+ (function = pg_catalog.rs_varbyte_concat, leftarg = bytea, rightarg = bytea);
