-- Types: SUPER and VARBYTE, and VARCHAR lengths counted in bytes.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_SUPER_type.html
-- https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html

create domain pg_catalog.super as json;  -- see 12_super.sql
create domain pg_catalog.varbyte as bytea;
-- https://docs.aws.amazon.com/redshift/latest/dg/r_interval_data_types.html; the names are those of Redshift's drivers
create domain pg_catalog.intervaly2m as interval year to month;
create domain pg_catalog.intervald2s as interval day to second;

-- A moment to the second, of the internal types that Redshift has kept from PostgreSQL 8.0, and its number there; no page
-- tells of it, its drivers do. It is kept as a TIMESTAMPTZ, which the front sends as 4 bytes (spelling.py).
create type pg_catalog.abstime;
update pg_catalog.pg_type set oid = 702 where typname = 'abstime';
create function pg_catalog.abstimein(cstring, oid, integer) returns abstime language internal stable strict as 'timestamptz_in';
create function pg_catalog.abstimeout(abstime) returns cstring language internal stable strict as 'timestamptz_out';
create function pg_catalog.abstimerecv(internal, oid, integer) returns abstime language internal stable strict as 'timestamptz_recv';
create function pg_catalog.abstimesend(abstime) returns bytea language internal stable strict as 'timestamptz_send';
create type pg_catalog.abstime (
    input = pg_catalog.abstimein, output = pg_catalog.abstimeout, receive = pg_catalog.abstimerecv,
    send = pg_catalog.abstimesend, like = timestamptz, category = 'D'
);
create cast (abstime as timestamptz) without function as implicit;
create cast (timestamptz as abstime) without function as assignment;

create function pg_catalog.rs_truncate_bytes(value text, bytes integer) returns text
language sql immutable strict parallel safe as $$
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
language plpgsql immutable parallel safe as $$
begin
    raise exception 'value too long for type character varying(%)', length using errcode = '22001';
end
$$;

-- What PostgreSQL calls to fit a value into varchar(n): typmod is n + 4; an explicit cast cuts, an assignment refuses.
-- In PL/pgSQL, as PostgreSQL inlines no function of SQL that is given more than a short expression, and then such a one
-- costs ten times as much a row; and one RETURN of one expression, which costs a quarter of an IF before it.
create function pg_catalog.rs_varchar(value varchar, typmod integer, is_explicit boolean) returns varchar
language plpgsql immutable strict parallel safe as $$
begin
    return case
        when octet_length(value) <= typmod - 4 or typmod < 4 then value
        when is_explicit or octet_length(rtrim(value, ' ')) <= typmod - 4 then rs_truncate_bytes(value, typmod - 4)
        else rs_too_long(value, typmod - 4)
    end;
end
$$;

update pg_catalog.pg_cast
set castfunc = 'pg_catalog.rs_varchar(varchar, integer, boolean)'::regprocedure
where castsource = 'varchar'::regtype and casttarget = 'varchar'::regtype;
-- What is known to be as short already is not fitted again.
alter function pg_catalog.rs_varchar(varchar, integer, boolean) support varchar_support;

-- A DECIMAL of up to 19 digits is kept in 64 bits, so that one of 19 ends at 2^63-1
-- (https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_types201.html). Where the front sees such a type it asks for
-- this, in a cast (sql/values/casts.py) and of a column (ddl.py): to fit DECIMALs of all other sizes costs nothing more.
create function pg_catalog.rs_long_decimal(value numeric, scale integer) returns numeric
language plpgsql immutable parallel safe as $$
begin
    if abs(value) > 9223372036854775807 * power(10::numeric, -scale) then
        raise exception 'numeric field overflow' using
            errcode = '22003', detail = 'A DECIMAL of 19 digits is kept in 64 bits.';
    end if;
    return value;
end
$$;

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
create function pg_catalog.rs_hold_varbyte(value bytea, length integer) returns bytea
language sql immutable parallel safe as $$
    select case when pg_catalog.rs_fits_varbyte(value, length) then value end
$$;

-- Drivers ask for lists of privileges in binary, of which PostgreSQL has no form: each is sent as its text.
create function pg_catalog.rs_aclitem_send(aclitem) returns bytea language sql immutable strict parallel safe as $$
    select convert_to($1::text, 'UTF8')
$$;
alter type pg_catalog.aclitem set (send = pg_catalog.rs_aclitem_send);
