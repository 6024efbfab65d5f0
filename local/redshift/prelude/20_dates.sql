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

-- the start of the statement, to the second
create function pg_catalog.getdate() returns timestamp language sql stable as $$
    select date_trunc('second', statement_timestamp() at time zone 'UTC')
$$;

-- the start of the transaction, to the microsecond
create function pg_catalog.rs_sysdate() returns timestamp language sql stable as $$
    select transaction_timestamp() at time zone 'UTC'
$$;

create function pg_catalog.rs_one(part text) returns interval language sql immutable strict as $$
    select case rs_date_part_name(part)
        when 'quarter' then interval '3 months'
        else ('1 ' || rs_date_part_name(part))::interval
    end
$$;

create function pg_catalog.dateadd(part text, amount bigint, moment timestamp) returns timestamp
language sql immutable as $$ select moment + amount * rs_one(part) $$;

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

create function pg_catalog.date_diff(part text, earlier timestamp, later timestamp) returns bigint
language sql immutable as $$ select datediff(part, earlier, later) $$;

-- EXTRACT gives an integer, of TIMESTAMPTZ a double; milliseconds and microseconds are those of the second
-- (https://docs.aws.amazon.com/redshift/latest/dg/r_EXTRACT_function.html)
create function pg_catalog.rs_part(part text, value double precision) returns double precision
language sql immutable as $$
    select case part
        when 'millisecond' then floor(value)::bigint % 1000
        when 'microsecond' then floor(value)::bigint % 1000000
        else floor(value)
    end
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
