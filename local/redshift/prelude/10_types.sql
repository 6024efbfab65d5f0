-- Types: SUPER and VARBYTE, and VARCHAR lengths counted in bytes.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_SUPER_type.html
-- https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html

create domain pg_catalog.super as jsonb;
create domain pg_catalog.varbyte as bytea;
-- https://docs.aws.amazon.com/redshift/latest/dg/r_interval_data_types.html; the names are those of Redshift's drivers
create domain pg_catalog.intervaly2m as interval year to month;
create domain pg_catalog.intervald2s as interval day to second;

create function pg_catalog.rs_truncate_bytes(value text, bytes integer) returns text
language sql immutable strict as $$
    -- the longest prefix of whole characters that fits: cut the bytes, then drop what is left of a cut character
    select convert_from(
        substring(
            convert_to(value, 'UTF8') from 1 for (
                select max(n) from generate_series(greatest(bytes - 3, 0), bytes) as n
                where n = 0 or (get_byte(convert_to(value, 'UTF8') || decode('00', 'hex'), n) & 192) <> 128
            )
        ),
        'UTF8'
    )
$$;

-- `value` is there so that PostgreSQL cannot evaluate a call while it plans
create function pg_catalog.rs_too_long(value varchar, length integer) returns varchar
language plpgsql immutable as $$
begin
    raise exception 'value too long for type character varying(%)', length using errcode = '22001';
end
$$;

-- What PostgreSQL calls to fit a value into varchar(n): typmod is n + 4; an explicit cast cuts, an assignment refuses.
-- In PL/pgSQL, as PostgreSQL inlines no function of SQL that is given more than a short expression, and then such a one
-- costs ten times as much a row.
create function pg_catalog.rs_varchar(value varchar, typmod integer, is_explicit boolean) returns varchar
language plpgsql immutable strict as $$
begin
    if typmod < 4 or octet_length(value) <= typmod - 4 then
        return value;
    end if;
    if is_explicit or octet_length(rtrim(value, ' ')) <= typmod - 4 then
        return rs_truncate_bytes(value, typmod - 4);
    end if;
    return rs_too_long(value, typmod - 4);
end
$$;

update pg_catalog.pg_cast
set castfunc = 'pg_catalog.rs_varchar(varchar, integer, boolean)'::regprocedure
where castsource = 'varchar'::regtype and casttarget = 'varchar'::regtype;
-- What is known to be as short already is not fitted again.
alter function pg_catalog.rs_varchar(varchar, integer, boolean) support varchar_support;

-- VARBYTE(n) is checked by the column it stands in (see ddl.py)
create function pg_catalog.rs_fits_varbyte(value bytea, length integer) returns boolean
language plpgsql immutable as $$
begin
    if octet_length(value) > length then
        raise exception 'value too long for type varbyte(%)', length using errcode = '22001';
    end if;
    return true;
end
$$;

-- Drivers ask for lists of privileges in binary, of which PostgreSQL has no form: each is sent as its text.
create function pg_catalog.rs_aclitem_send(aclitem) returns bytea language sql immutable strict parallel safe as $$
    select convert_to($1::text, 'UTF8')
$$;
alter type pg_catalog.aclitem set (send = pg_catalog.rs_aclitem_send);
