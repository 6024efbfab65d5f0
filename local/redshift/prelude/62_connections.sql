-- Who came and went, and which transactions were undone, read from what the front has written (connections.py, history.py).

-- Superusers alone see it (https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html#c_visibility-of-data),
-- and who has the role sys:monitor, whose permission is to access system tables.
create function redshift.connections() returns table (
    place bigint, event text, at timestamp, pid integer, duration bigint, host text, port integer, database text, "user" text,
    tls_version text, tls_cipher text, application text, driver text, system text, plugin text, protocol integer
) language sql volatile security definer set search_path = pg_catalog as $$
    select
        lines.place, c.event, to_timestamp(c.at) at time zone 'UTC', c.pid, c.duration, c.host, c.port, c.database, c.user,
        c.tls_version, c.tls_cipher, c.application, c.driver, c.system, c.plugin, c.protocol
    from string_to_table(
        coalesce(pg_read_file('redshift_history/connections_before.jsonl', true), '')
        || coalesce(pg_read_file('redshift_history/connections.jsonl', true), ''), E'\n'
    ) with ordinality as lines(line, place)
    cross join lateral jsonb_to_record(nullif(lines.line, '')::jsonb) as c(
        event text, at double precision, pid integer, duration bigint, host text, port integer, database text, "user" text,
        tls_version text, tls_cipher text, application text, driver text, system text, plugin text, protocol integer
    )
    where lines.line <> '' and pg_has_role(session_user, 'sys:monitor', 'usage')
$$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_STL_CONNECTION_LOG.html
create view pg_catalog.stl_connection_log as
select
    event::char(50) as event,
    at as recordtime,
    host::char(45) as remotehost,
    port::text::char(32) as remoteport,
    pid,
    database::char(50) as dbname,
    "user"::char(50) as username,
    'password'::char(32) as authmethod,
    least(duration, 2147483647)::integer as duration,
    coalesce(tls_version, '')::char(50) as sslversion,
    coalesce(tls_cipher, '')::char(128) as sslcipher,
    null::integer as mtu,
    null::char(64) as sslcompression,
    null::char(64) as sslexpansion,
    null::char(36) as iamauthguid,
    application::char(250) as application_name,
    system::char(64) as os_version,
    driver::char(64) as driver_version,
    plugin::char(32) as plugin_name,
    protocol as protocol_version
from redshift.connections();

-- Superusers see all sessions, others their own; the front's own are the internal superuser's. None times out here.
create function redshift.sessions() returns table (started timestamp, pid integer, "user" text, database text)
language sql volatile security definer set search_path = pg_catalog as $$
    select backend_start at time zone 'UTC', pid, usename::text, datname::text
    from pg_stat_activity
    where backend_type = 'client backend' and usesysid <> 10
        and (usename = session_user or pg_has_role(session_user, 'pg_read_all_stats', 'usage'))
$$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_STV_SESSIONS.html
create view pg_catalog.stv_sessions as
select
    started as starttime,
    pid as process,
    "user"::char(50) as user_name,
    database::char(50) as db_name,
    0 as timeout_sec
from redshift.sessions();

-- A transaction is undone where a statement of it has failed, or ROLLBACK ends it: one row for each table that it wrote. Which
-- number the undoing one has is as in the page's example: the same.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_STL_UNDONE.html
create view pg_catalog.stl_undone as
with undone as (
    select s.transaction, min(s.started) as started, max(s.ended) as ended
    from redshift.statements() as s
    where s.status in ('failed', 'canceled') or (s.type = 'UTILITY' and s.text ~* '^\s*(rollback|abort)\M')
    group by s.transaction
)
select distinct
    w.user_id as userid,
    w.transaction as xact_id,
    w.transaction as xact_id_undone,
    u.started as undo_start_ts,
    u.ended as undo_end_ts,
    w.target::bigint as table_id
from redshift.statements() as w
inner join undone as u on w.transaction = u.transaction
where w.target is not null;
