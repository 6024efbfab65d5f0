-- Hash functions: https://docs.aws.amazon.com/redshift/latest/dg/hash-functions.html

create function pg_catalog.sha2(value text, bits integer) returns text language sql immutable strict as $$
    select encode(
        case bits
            when 224 then sha224(convert_to(value, 'UTF8'))
            when 384 then sha384(convert_to(value, 'UTF8'))
            when 512 then sha512(convert_to(value, 'UTF8'))
            when 256 then sha256(convert_to(value, 'UTF8'))
            when 0 then sha256(convert_to(value, 'UTF8'))
            else ''
        end,
        'hex'
    )
$$;

-- FIPS 180-4, on integers of 32 bits kept in 64: https://docs.aws.amazon.com/redshift/latest/dg/SHA1.html
create function pg_catalog.rs_rotate(word bigint, places integer) returns bigint language sql immutable strict as $$
    select ((word << places) | (word >> (32 - places))) & 4294967295
$$;
create function pg_catalog.sha1(value text) returns text language plpgsql immutable strict as $$
declare
    told bytea := convert_to(value, 'UTF8');
    padded bytea := told || decode('80', 'hex') || decode(repeat('00', (119 - octet_length(told) % 64) % 64), 'hex')
        || int8send(octet_length(told)::bigint * 8);
    h bigint[] := array[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    w bigint[];
    a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; next_a bigint;
begin
    for block in 0 .. octet_length(padded) / 64 - 1 loop
        for t in 0 .. 79 loop
            w[t] := case when t < 16
                then (get_byte(padded, block * 64 + t * 4)::bigint << 24) | (get_byte(padded, block * 64 + t * 4 + 1) << 16)
                    | (get_byte(padded, block * 64 + t * 4 + 2) << 8) | get_byte(padded, block * 64 + t * 4 + 3)
                else rs_rotate(w[t - 3] # w[t - 8] # w[t - 14] # w[t - 16], 1)
            end;
        end loop;
        a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
        for t in 0 .. 79 loop
            if t < 20 then
                f := (b & c) | ((b # 4294967295) & d); k := 1518500249;
            elsif t < 40 then
                f := b # c # d; k := 1859775393;
            elsif t < 60 then
                f := (b & c) | (b & d) | (c & d); k := 2400959708;
            else
                f := b # c # d; k := 3395469782;
            end if;
            next_a := (rs_rotate(a, 5) + f + e + k + w[t]) & 4294967295;
            e := d; d := c; c := rs_rotate(b, 30); b := a; a := next_a;
        end loop;
        h := array[h[1] + a, h[2] + b, h[3] + c, h[4] + d, h[5] + e];
        h := array(select word & 4294967295 from unnest(h) with ordinality as u(word, place) order by place);
    end loop;
    return (select string_agg(lpad(to_hex(word), 8, '0'), '' order by place) from unnest(h) with ordinality as u(word, place));
end
$$;

-- of the polynomial CRC-32C: https://docs.aws.amazon.com/redshift/latest/dg/crc32-function.html
create function pg_catalog.rs_crc32(value text) returns text language plpgsql immutable strict as $$
declare
    told bytea := convert_to(value, 'UTF8');
    result bigint := 4294967295;
begin
    for place in 0 .. octet_length(told) - 1 loop
        result := result # get_byte(told, place);
        for bit in 1 .. 8 loop
            result := case when result & 1 = 1 then (result >> 1) # 2197175160 else result >> 1 end;
        end loop;
    end loop;
    return lpad(to_hex(result # 4294967295), 8, '0');
end
$$;

-- FNV-1a of 64 bits, kept as two halves of 32: https://docs.aws.amazon.com/redshift/latest/dg/r_FNV_HASH.html. An integer
-- is hashed as its bytes, the lowest first, which the page's examples show.
create function pg_catalog.rs_fnv(told bytea, seed bigint, is_reversed boolean) returns bigint
language plpgsql immutable as $$
declare
    size integer := octet_length(told);
    high bigint := (seed >> 32) & 4294967295;
    low bigint := seed & 4294967295;
begin
    if told is null or seed is null then
        raise exception 'FNV_HASH of NULL is not offered by the local Redshift: no page says what it is' using errcode = '0A000';
    end if;
    for place in 0 .. size - 1 loop
        low := low # get_byte(told, case when is_reversed then size - 1 - place else place end);
        high := (high * 435 + (low << 8) + ((low * 435) >> 32)) & 4294967295;
        low := (low * 435) & 4294967295;
    end loop;
    return (high << 32) | low;
end
$$;
create function pg_catalog.fnv_hash(value smallint, seed bigint default -3750763034362895579) returns bigint
language sql immutable as $$ select rs_fnv(int2send(value), seed, true) $$;
create function pg_catalog.fnv_hash(value integer, seed bigint default -3750763034362895579) returns bigint
language sql immutable as $$ select rs_fnv(int4send(value), seed, true) $$;
create function pg_catalog.fnv_hash(value bigint, seed bigint default -3750763034362895579) returns bigint
language sql immutable as $$ select rs_fnv(int8send(value), seed, true) $$;
create function pg_catalog.fnv_hash(value real, seed bigint default -3750763034362895579) returns bigint
language sql immutable as $$ select rs_fnv(float4send(value), seed, true) $$;
create function pg_catalog.fnv_hash(value double precision, seed bigint default -3750763034362895579) returns bigint
language sql immutable as $$ select rs_fnv(float8send(value), seed, true) $$;
create function pg_catalog.fnv_hash(value text, seed bigint default -3750763034362895579) returns bigint
language sql immutable as $$ select rs_fnv(convert_to(value, 'UTF8'), seed, false) $$;
do $do$
declare
    type_name text;
begin
    foreach type_name in array array[
        'numeric', 'boolean', 'date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval', 'bytea', 'json'
    ]
    loop
        execute format($create$
            create function pg_catalog.fnv_hash(value %1$s, seed bigint default 0) returns bigint
            language plpgsql immutable as $body$
            begin
                raise exception 'FNV_HASH of this type is not offered by the local Redshift: no page tells its bytes'
                    using errcode = '0A000', hint = 'Cast it to VARCHAR.';
            end
            $body$
        $create$, type_name);
    end loop;
end
$do$;
create function pg_catalog.fnv_hash(value bpchar, seed bigint default 0) returns bigint language plpgsql immutable as $$
begin
    raise exception 'FNV_HASH of a CHAR is not offered by the local Redshift: no page says whether its blanks count'
        using errcode = '0A000', hint = 'Cast it to VARCHAR.';
end
$$;
