-- System views of statements and loads, read from what the front has written (history.py). Columns that the front cannot
-- know are NULL. https://docs.aws.amazon.com/redshift/latest/dg/serverless-monitoring.html

-- A user sees his own rows, superusers and users with SYSLOG ACCESS UNRESTRICTED all
-- (https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html). The newest line of a statement counts.
create function redshift.statements() returns table (
    number bigint, user_id integer, user_name text, database text, pid integer, transaction bigint, label text, type text,
    status text, started timestamp, ended timestamp, rows bigint, bytes bigint, error text, text text, tables jsonb,
    target integer, load jsonb
) language sql volatile security definer set search_path = pg_catalog as $$
    with viewer as (
        select session_user as name, pg_has_role(session_user, 'pg_read_all_stats', 'usage') as sees_all
    ),
    lines as (
        select place, line::jsonb as line
        from string_to_table(
            coalesce(pg_read_file('redshift_history/previous.jsonl', true), '')
            || coalesce(pg_read_file('redshift_history/current.jsonl', true), ''), E'\n'
        ) with ordinality as f(line, place)
        where line <> ''
    )
    select distinct on (s.number)
        s.number, r.oid::integer, s.user_name, s.database, s.pid, s.transaction, s.label, s.type, s.status,
        to_timestamp(s.started) at time zone 'UTC', to_timestamp(s.ended) at time zone 'UTC', s.rows, s.bytes, s.error,
        s.text, s.tables, s.target, s.load
    from lines
    cross join viewer
    cross join lateral jsonb_to_record(lines.line) as s(
        number bigint, user_name text, database text, pid integer, transaction bigint, label text, type text, status text,
        started double precision, ended double precision, rows bigint, bytes bigint, error text, text text, tables jsonb,
        target integer, load jsonb
    )
    left join pg_roles as r on s.user_name = r.rolname
    where viewer.sees_all or s.user_name = viewer.name
    order by s.number, lines.place desc
$$;

create function redshift.microseconds(earlier timestamp, later timestamp) returns bigint language sql stable as $$
    select (extract(epoch from coalesce(later, clock_timestamp() at time zone 'UTC') - earlier) * 1000000)::bigint
$$;

-- The tables under a relation: itself, or what a view reads.
create function redshift.base_tables(relation oid) returns table (id oid, kind "char") language sql stable security definer
set search_path = pg_catalog as $$
    with recursive under(id) as (
        select relation
        union
        select below.id
        from under
        cross join lateral (
            select d.refobjid as id
            from pg_rewrite as w inner join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
            where w.ev_class = under.id and d.refclassid = 'pg_class'::regclass
            union all
            select unnest(v.bound_ids) from redshift.late_binding_view as v where v.view_id = under.id
        ) as below
    )
    select c.oid, c.relkind from under inner join pg_class as c on under.id = c.oid where c.relkind in ('r', 'p', 'm')
$$;

-- https://docs.aws.amazon.com/redshift/latest/dg/SYS_QUERY_HISTORY.html
create view pg_catalog.sys_query_history as
select
    user_id,
    number as query_id,
    label::char(320) as query_label,
    transaction as transaction_id,
    pid as session_id,
    database::char(128) as database_name,
    type::char(32) as query_type,
    status::char(10) as status,
    false as result_cache_hit,
    started as start_time,
    ended as end_time,
    redshift.microseconds(started, ended) as elapsed_time,
    0::bigint as queue_time,
    redshift.microseconds(started, ended) as execution_time,
    error::char(512) as error_message,
    case when type in ('SELECT', 'UTILITY') then rows else 0 end as returned_rows,
    case when type in ('SELECT', 'UTILITY') then bytes else 0 end as returned_bytes,
    text::char(4000) as query_text,
    rs_version()::char(256) as redshift_version,
    null::char(150) as usage_limit,
    null::varchar(32) as compute_type,
    null::bigint as compile_time,
    null::bigint as planning_time,
    null::bigint as lock_wait_time,
    -1 as service_class_id,
    null::char(64) as service_class_name,
    null::char(20) as query_priority,
    null::char(10) as short_query_accelerated,
    md5(text)::char(40) as user_query_hash,
    null::char(40) as generic_query_hash,
    null::integer as query_hash_version,
    0 as result_cache_query_id,
    user_name::char(128) as username
from redshift.statements();

-- https://docs.aws.amazon.com/redshift/latest/dg/SYS_QUERY_TEXT.html
create view pg_catalog.sys_query_text as
select
    user_id, number as query_id, transaction as transaction_id, pid as session_id, started as start_time,
    part as sequence, substr(text, part * 4000 + 1, 4000)::char(4000) as text
from redshift.statements()
cross join lateral generate_series(0, (greatest(length(text), 1) - 1) / 4000) as part;

-- Which process made a table by CREATE TABLE AS, and when: the front does not know its OID when the statement comes. Kept
-- where comments are, as storage is (41_storage.sql).
create function redshift.note_maker() returns event_trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into pg_description
    select d.objid, 'pg_class'::regclass, -2, jsonb_build_object('pid', pg_backend_pid(), 'at', clock_timestamp())::text
    from pg_event_trigger_ddl_commands() as d where d.object_type = 'table';
end
$$;

create event trigger redshift_note_maker on ddl_command_end when tag in ('CREATE TABLE AS')
execute function redshift.note_maker();

create view redshift.made_table as
select d.objoid as id, m.pid, m.at at time zone 'UTC' as at
from pg_description as d cross join lateral jsonb_to_record(d.description::jsonb) as m(pid integer, at timestamptz)
where d.classoid = 'pg_class'::regclass and d.objsubid = -2;
grant select on redshift.made_table to public;

-- One row for each table that a statement reads (scan) and writes; steps, plans and blocks are not known.
-- https://docs.aws.amazon.com/redshift/latest/dg/SYS_QUERY_DETAIL.html
create view pg_catalog.sys_query_detail as
with steps as (
    select s.*, 'scan' as step_name, t.id::integer as table_id
    from redshift.statements() as s
    cross join lateral jsonb_array_elements(s.tables) as named(id)
    cross join lateral (select distinct id from redshift.base_tables(named.id::integer::oid)) as t
    union all
    select s.*, case s.type when 'DELETE' then 'delete' when 'MERGE' then 'merge' else 'insert' end, s.target
    from redshift.statements() as s where s.target is not null
    union all
    select s.*, 'insert', m.id::integer
    from redshift.statements() as s
    inner join redshift.made_table as m on m.pid = s.pid and m.at between s.started and coalesce(s.ended, 'infinity')
    where s.type = 'CTAS' and s.database = current_database()
)
select
    s.user_id,
    s.number as query_id,
    1 as child_query_sequence,
    null::integer as stream_id,
    null::integer as segment_id,
    null::integer as step_id,
    s.step_name,
    s.table_id,
    (s.database || '.' || n.nspname || '.' || c.relname)::char(136) as table_name,
    null::char(1) as is_rrscan,
    s.started as start_time,
    s.ended as end_time,
    redshift.microseconds(s.started, s.ended) as duration,
    null::text as alert,
    null::bigint as input_bytes,
    null::bigint as input_rows,
    null::bigint as output_bytes,
    case when s.step_name <> 'scan' then s.rows end as output_rows,
    null::bigint as blocks_read,
    null::bigint as blocks_write,
    null::bigint as local_read_io,
    null::bigint as remote_read_io,
    null::text as source,
    null::integer as data_skewness,
    null::integer as time_skewness,
    (case when s.ended is null then 't' else 'f' end)::char(1) as is_active,
    null::bigint as spilled_block_local_disk,
    null::bigint as spilled_block_remote_disk,
    null::char(64) as step_attribute,
    'step'::char(64) as metrics_level,
    null::integer as plan_parent_id,
    null::integer as plan_node_id
from steps as s
left join pg_catalog.pg_class as c on c.oid = s.table_id::oid
left join pg_catalog.pg_namespace as n on c.relnamespace = n.oid;

-- https://docs.aws.amazon.com/redshift/latest/dg/SYS_LOAD_HISTORY.html
create view pg_catalog.sys_load_history as
select
    s.user_id,
    s.number as query_id,
    s.transaction as transaction_id,
    s.pid as session_id,
    s.database as database_name,
    case s.status when 'running' then 'running' when 'success' then 'completed' else 'aborted' end as status,
    s.load ->> 'table' as table_name,
    s.started as start_time,
    s.ended as end_time,
    redshift.microseconds(s.started, s.ended) as duration,
    s.load ->> 'source' as data_source,
    s.load ->> 'format' as file_format,
    case when s.status = 'success' then s.rows else 0 end as loaded_rows,
    case when s.status = 'success' then files.bytes else 0 end as loaded_bytes,
    files.number::integer as source_file_count,
    files.bytes as source_file_bytes,
    files.number::integer as file_count_scanned,
    files.bytes as file_bytes_scanned,
    jsonb_array_length(s.load -> 'errors')::bigint as error_count,
    0::bigint as copy_job_id
from redshift.statements() as s
cross join lateral (
    select count(*) as number, coalesce(sum(f.size), 0)::bigint as bytes
    from jsonb_to_recordset(s.load -> 'files') as f(size bigint)
) as files
where s.load is not null;

-- https://docs.aws.amazon.com/redshift/latest/dg/SYS_LOAD_DETAIL.html
create view pg_catalog.sys_load_detail as
select
    s.user_id,
    s.number as query_id,
    f.name::char(256) as file_name,
    f.size as bytes_scanned,
    f.rows as lines_scanned,
    to_timestamp(coalesce(f.ended, f.started)) at time zone 'UTC' as record_time,
    1 as splits_scanned,
    to_timestamp(f.started) at time zone 'UTC' as start_time,
    to_timestamp(f.ended) at time zone 'UTC' as end_time,
    null::char(256) as file_etag,
    null::timestamp as file_last_modified
from redshift.statements() as s
cross join lateral jsonb_to_recordset(s.load -> 'files') as f(
    name text, size bigint, rows bigint, started double precision, ended double precision
)
where s.load is not null;

-- https://docs.aws.amazon.com/redshift/latest/dg/SYS_LOAD_ERROR_DETAIL.html
create view pg_catalog.sys_load_error_detail as
select
    s.user_id,
    s.number as query_id,
    s.transaction as transaction_id,
    s.pid as session_id,
    s.database::char(64) as database_name,
    s.target as table_id,
    s.started as start_time,
    e.file::char(256) as file_name,
    e.line as line_number,
    e.column::char(127) as column_name,
    e.type::char(10) as column_type,
    e.length::char(10) as column_length,
    e.position,
    e.code as error_code,
    e.reason::char(512) as error_message
from redshift.statements() as s
cross join lateral jsonb_to_recordset(s.load -> 'errors') as e(
    file text, line bigint, "column" text, type text, length text, position integer, code integer, reason text
)
where s.load is not null;
