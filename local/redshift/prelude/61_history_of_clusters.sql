-- The views of statements and loads that provisioned clusters have had from the start (STL, STV, SVL), by the same rows.

-- https://docs.aws.amazon.com/redshift/latest/dg/r_STL_QUERY.html
create view pg_catalog.stl_query as
select
    user_id as userid,
    number::integer as query,
    label::char(320) as label,
    transaction as xid,
    pid,
    database::char(32) as database,
    text::char(4000) as querytxt,
    started as starttime,
    ended as endtime,
    (status <> 'success')::integer as aborted,
    0 as insert_pristine,
    0 as concurrency_scaling_status
from redshift.statements()
where ended is not null and type not in ('DDL', 'UTILITY');

-- https://docs.aws.amazon.com/redshift/latest/dg/r_STL_QUERYTEXT.html
create view pg_catalog.stl_querytext as
select
    user_id as userid, transaction as xid, pid, number::integer as query, part as sequence,
    substr(text, part * 200 + 1, 200)::char(200) as text
from redshift.statements()
cross join lateral generate_series(0, (greatest(length(text), 1) - 1) / 200) as part
where type not in ('DDL', 'UTILITY');

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVL_STATEMENTTEXT.html
create view pg_catalog.svl_statementtext as
select
    user_id as userid,
    transaction as xid,
    pid,
    label::char(320) as label,
    started as starttime,
    ended as endtime,
    part as sequence,
    (case type when 'DDL' then 'DDL' when 'UTILITY' then 'UTILITY' else 'QUERY' end)::varchar(10) as type,
    substr(text, part * 200 + 1, 200)::char(200) as text
from redshift.statements()
cross join lateral generate_series(0, (greatest(length(text), 1) - 1) / 200) as part
where ended is not null;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_STV_RECENTS.html
create view pg_catalog.stv_recents as
select
    user_id as userid,
    (case when ended is null then 'Running' else 'Done' end)::char(20) as status,
    started as starttime,
    least(redshift.microseconds(started, ended), 2147483647)::integer as duration,
    user_name::char(50) as user_name,
    database::char(50) as db_name,
    text::char(600) as query,
    (case when ended is null then pid else -1 end) as pid
from redshift.statements()
where ended is null or number > (select max(number) - 100 from redshift.statements());

-- https://docs.aws.amazon.com/redshift/latest/dg/r_STV_INFLIGHT.html
create view pg_catalog.stv_inflight as
select
    user_id as userid,
    0 as slice,
    number::integer as query,
    label::char(320) as label,
    transaction as xid,
    pid,
    started as starttime,
    text::char(100) as text,
    0 as suspended,
    0 as insert_pristine,
    0 as concurrency_scaling_status
from redshift.statements()
where ended is null;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_STL_LOAD_ERRORS.html
create view pg_catalog.stl_load_errors as
select
    s.user_id as userid,
    0 as slice,
    s.target as tbl,
    s.started as starttime,
    s.pid as session,
    s.number::integer as query,
    e.file::char(256) as filename,
    e.line as line_number,
    e.column::char(127) as colname,
    e.type::char(10) as type,
    e.length::char(10) as col_length,
    e.position,
    e.raw_line::char(1024) as raw_line,
    e.raw_value::char(1024) as raw_field_value,
    e.code as err_code,
    e.reason::char(100) as err_reason,
    0 as is_partial,
    0::bigint as start_offset,
    0::bigint as copy_job_id
from redshift.statements() as s
cross join lateral jsonb_to_recordset(s.load -> 'errors') as e(
    file text, line bigint, "column" text, type text, length text, position integer, raw_line text, raw_value text,
    code integer, reason text
)
where s.load is not null;

-- Of this session: https://docs.aws.amazon.com/redshift/latest/dg/PG_LAST_QUERY_ID.html and its neighbours. Each reads the
-- whole history: functions.tsv has a query ask once, not for each row that it compares with the answer.
create function pg_catalog.pg_last_query_id() returns bigint language sql volatile as $$
    select coalesce(max(number), -1) from redshift.statements()
    where pid = pg_backend_pid() and ended is not null and type not in ('DDL', 'UTILITY')
$$;
create function pg_catalog.pg_last_copy_id() returns bigint language sql volatile as $$
    select coalesce(max(number), -1) from redshift.statements() where pid = pg_backend_pid() and status = 'success' and type = 'COPY'
$$;
create function pg_catalog.pg_last_copy_count() returns bigint language sql volatile as $$
    select coalesce((
        select rows from redshift.statements()
        where pid = pg_backend_pid() and status = 'success' and type = 'COPY' order by number desc limit 1
    ), 0)
$$;
create function pg_catalog.pg_last_unload_id() returns bigint language sql volatile as $$
    select coalesce(max(number), -1) from redshift.statements() where pid = pg_backend_pid() and status = 'success' and type = 'UNLOAD'
$$;
