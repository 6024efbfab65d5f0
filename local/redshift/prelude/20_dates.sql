-- Date and time functions. Parts of dates are spelt in many ways:
-- https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html
--
-- What has a CASE is not declared STRICT, which makes no difference (no part, amount or moment may be NULL for a result
-- that is not): PostgreSQL inlines it only then, and with the part, which is a literal, little of it is left for each row.

create function pg_catalog.rs_date_part_name(part text) returns text language sql immutable strict as $$
    select case
        when part in ('y', 'yr', 'yrs', 'years') then 'year'
        when part in ('qtr', 'qtrs', 'quarters') then 'quarter'
        when part in ('mon', 'mons', 'months') then 'month'
        when part in ('w', 'weeks') then 'week'
        when part in ('d', 'days') then 'day'
        when part in ('dayofweek', 'dw', 'weekday') then 'dow'
        when part in ('dayofyear', 'dy', 'yearday') then 'doy'
        when part in ('h', 'hr', 'hrs', 'hours') then 'hour'
        when part in ('m', 'min', 'mins', 'minutes') then 'minute'
        when part in ('s', 'sec', 'secs', 'seconds') then 'second'
        when part in ('ms', 'msec', 'msecs', 'msecond', 'milliseconds') then 'millisecond'
        when part in ('us', 'usec', 'usecs', 'microsec', 'microsecs', 'microseconds') then 'microsecond'
        when part in ('c', 'cent', 'cents', 'centuries') then 'century'
        when part in ('dec', 'decs', 'decades') then 'decade'
        when part in ('mil', 'mils', 'millennia') then 'millennium'
        else part
    end
$$;

-- the start of the statement, to the second; all three in the time zone of the session
create function pg_catalog.getdate() returns timestamp language sql stable as $$
    select date_trunc('second', statement_timestamp()::timestamp)
$$;

-- the start of the transaction, to the microsecond
create function pg_catalog.rs_sysdate() returns timestamp language sql stable as $$
    select transaction_timestamp()::timestamp
$$;

create function pg_catalog.rs_one(part text) returns interval language sql immutable strict as $$
    select case rs_date_part_name(part)
        when 'quarter' then interval '3 months'
        else ('1 ' || rs_date_part_name(part))::interval
    end
$$;

-- A year after February 29 is March 1, twelve months after it are February 28
-- (https://docs.aws.amazon.com/redshift/latest/dg/r_DATEADD_function.html).
create function pg_catalog.rs_add_years(moment timestamp, years interval) returns timestamp language sql immutable as $$
    select moment + years + case
        when extract(day from moment) = 29 and extract(day from moment + years) = 28 then interval '1 day'
        else interval '0'
    end
$$;
create function pg_catalog.dateadd(part text, amount bigint, moment timestamp) returns timestamp
language sql immutable as $$
    select case
        when rs_date_part_name(part) in ('year', 'decade', 'century', 'millennium')
            then rs_add_years(moment, amount * rs_one(part))
        else moment + amount * rs_one(part)
    end
$$;

create function pg_catalog.date_add(part text, amount bigint, moment timestamp) returns timestamp
language sql immutable as $$ select dateadd(part, amount, moment) $$;

-- the number of boundaries of the part between the two moments; weeks begin on Sunday
create function pg_catalog.datediff(part text, earlier timestamp, later timestamp) returns bigint
language sql immutable as $$
    select case rs_date_part_name(part)
        when 'millennium' then extract(millennium from later) - extract(millennium from earlier)
        when 'century' then extract(century from later) - extract(century from earlier)
        when 'decade' then extract(decade from later) - extract(decade from earlier)
        when 'year' then extract(year from later) - extract(year from earlier)
        when 'quarter' then
            (extract(year from later) - extract(year from earlier)) * 4
            + extract(quarter from later) - extract(quarter from earlier)
        when 'month' then
            (extract(year from later) - extract(year from earlier)) * 12
            + extract(month from later) - extract(month from earlier)
        when 'week' then
            (date_trunc('week', later + interval '1 day')::date - date_trunc('week', earlier + interval '1 day')::date) / 7
        when 'day' then later::date - earlier::date
        when 'hour' then extract(epoch from date_trunc('hour', later) - date_trunc('hour', earlier)) / 3600
        when 'minute' then extract(epoch from date_trunc('minute', later) - date_trunc('minute', earlier)) / 60
        when 'second' then extract(epoch from date_trunc('second', later) - date_trunc('second', earlier))
        when 'millisecond' then
            extract(epoch from date_trunc('milliseconds', later) - date_trunc('milliseconds', earlier)) * 1000
        when 'microsecond' then extract(epoch from later - earlier) * 1000000
    end::bigint
$$;

create function pg_catalog.datediff(part text, earlier timestamptz, later timestamptz) returns bigint
language sql immutable as $$
    select datediff(part, earlier at time zone 'UTC', later at time zone 'UTC')
$$;

create function pg_catalog.datediff(part text, earlier timetz, later timetz) returns bigint
language sql immutable strict as $$
    select datediff(
        part, '2000-01-01'::date + (earlier at time zone 'UTC')::time, '2000-01-01'::date + (later at time zone 'UTC')::time
    )
$$;

create function pg_catalog.date_diff(part text, earlier timestamp, later timestamp) returns bigint
language sql immutable as $$ select datediff(part, earlier, later) $$;

-- EXTRACT gives an integer, of TIMESTAMPTZ a double; milliseconds and microseconds are those of the second
-- (https://docs.aws.amazon.com/redshift/latest/dg/r_EXTRACT_function.html)
create function pg_catalog.rs_part(part text, value double precision) returns double precision
language sql immutable as $$
    select case part
        when 'millisecond' then floor(value)::bigint % 1000
        when 'microsecond' then floor(value)::bigint % 1000000
        when 'decade' then floor(value) + 1  -- the first is of the years 1 to 9: r_Dateparts_for_datetime_functions.html
        else floor(value)
    end
$$;
-- DATE_PART gives a DOUBLE PRECISION, and seconds with their fraction
-- (https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html)
create function pg_catalog.rs_date_part(part text, value double precision) returns double precision
language sql immutable as $$
    select case when part in ('second', 'epoch') then value else rs_part(part, value) end
$$;
create function pg_catalog.rs_extract(part text, moment timestamp) returns integer language sql immutable as $$
    select rs_part(part, date_part(part, moment))::integer
$$;
create function pg_catalog.rs_extract(part text, moment timestamptz) returns double precision
language sql stable as $$
    select case part when 'epoch' then date_part(part, moment) else rs_part(part, date_part(part, moment)) end
$$;
create function pg_catalog.rs_extract(part text, length interval) returns integer language sql immutable as $$
    select rs_part(part, date_part(part, length))::integer
$$;
create function pg_catalog.rs_extract(part text, moment time) returns integer language sql immutable as $$
    select rs_part(part, date_part(part, moment))::integer
$$;
create function pg_catalog.rs_extract(part text, moment timetz) returns integer language sql immutable as $$
    select rs_part(part, date_part(part, moment))::integer
$$;
create function pg_catalog.rs_extract(part text, moment date) returns integer language sql immutable as $$
    select rs_part(part, date_part(part, moment))::integer
$$;

-- DATE_TRUNC of a date is a timestamp without time zone
create function pg_catalog.date_trunc(part text, day date) returns timestamp language sql immutable strict as $$
    select date_trunc(rs_date_part_name(part), day::timestamp)
$$;

create function pg_catalog.last_day(moment timestamp) returns date language sql immutable strict as $$
    select (date_trunc('month', moment) + interval '1 month - 1 day')::date
$$;

-- the last day of a month stays the last day
create function pg_catalog.add_months(moment timestamp, months integer) returns timestamp
language sql immutable strict as $$
    select case
        when moment::date = last_day(moment)
        then last_day(moment + months * interval '1 month') + (moment - date_trunc('day', moment))
        else moment + months * interval '1 month'
    end
$$;

create function pg_catalog.months_between(later timestamp, earlier timestamp) returns double precision
language sql immutable strict as $$
    select (extract(year from later) - extract(year from earlier)) * 12
        + extract(month from later) - extract(month from earlier)
        + case
            when extract(day from later) = extract(day from earlier) then 0
            when later::date = last_day(later) and earlier::date = last_day(earlier) then 0
            else (extract(epoch from later - date_trunc('month', later))
                - extract(epoch from earlier - date_trunc('month', earlier))) / 2678400.0
        end
$$;

create function pg_catalog.trunc(moment timestamp) returns date language sql immutable strict as $$ select moment::date $$;

create function pg_catalog.convert_timezone(source text, target text, moment timestamp) returns timestamp
language sql stable strict as $$ select (moment at time zone source) at time zone target $$;
create function pg_catalog.convert_timezone(target text, moment timestamp) returns timestamp
language sql stable strict as $$ select (moment at time zone 'UTC') at time zone target $$;
create function pg_catalog.convert_timezone(target text, moment timestamptz) returns timestamp
language sql stable strict as $$ select moment at time zone target $$;

-- TO_DATE and TO_TIMESTAMP take what overflows, unless they are strict: June 31 is July 1
-- (https://docs.aws.amazon.com/redshift/latest/dg/r_TO_DATE_function.html, r_TO_TIMESTAMP.html). PostgreSQL does not:
-- what it finds out of range is read anew, by formats of numbers alone.
create function pg_catalog.rs_overflowed(value text, format text) returns timestamp language plpgsql immutable strict as $$
declare
    rest text := upper(format);
    pattern text := '^ *';
    names text[] := '{}';
    found text[];
    token text;
    year integer := 1;
    month integer := 1;
    day integer := 1;
    result timestamp;
    length interval := '0';
begin
    while rest <> '' loop
        token := substring(rest from '^(?:YYYY|MM|DD|HH24|MI|SS)');
        if token is null and rest ~ '^[A-Z0-9]' then
            raise exception 'date/time field value out of range: "%"', value using errcode = '22008',
                hint = 'The local Redshift takes what overflows by YYYY, MM, DD, HH24, MI and SS alone.';
        elsif token is null then
            pattern := pattern || '[^0-9]';
            rest := substr(rest, 2);
        else
            pattern := pattern || case token when 'YYYY' then '([0-9]{4})' else '([0-9]{1,2})' end;
            names := names || token;
            rest := substr(rest, length(token) + 1);
        end if;
    end loop;
    found := regexp_match(value, pattern);
    if found is null then
        raise exception 'date/time field value out of range: "%"', value using errcode = '22008';
    end if;
    for place in 1 .. cardinality(names) loop
        case names[place]
            when 'YYYY' then year := found[place];
            when 'MM' then month := found[place];
            when 'DD' then day := found[place];
            when 'HH24' then length := length + found[place]::integer * interval '1 hour';
            when 'MI' then length := length + found[place]::integer * interval '1 minute';
            else length := length + found[place]::integer * interval '1 second';
        end case;
    end loop;
    return make_timestamp(year, 1, 1, 0, 0, 0) + (month - 1) * interval '1 month' + (day - 1) * interval '1 day' + length;
end
$$;
create function pg_catalog.rs_to_date(value varchar, format text, is_strict boolean default false) returns date
language plpgsql stable strict as $$
begin
    return pg_catalog.to_date(value, format);
exception when datetime_field_overflow then
    if is_strict then
        raise;
    end if;
    return rs_overflowed(value, format)::date;
end
$$;
create function pg_catalog.rs_to_timestamp(value varchar, format text, is_strict boolean default false)
returns timestamptz language plpgsql stable strict as $$
begin
    return pg_catalog.to_timestamp(value, format);
exception when datetime_field_overflow then
    if is_strict then
        raise;
    end if;
    return rs_overflowed(value, format)::timestamptz;
end
$$;
