with offered as (

    {{ offered_tables() }}

),

seen as (

    select
        min(start_time) as seen_since,
        count(distinct user_id) as users_seen
    from sys_query_history

),

read_tables as (

    select distinct details.table_id
    from sys_query_detail as details
    inner join pg_user as users on details.user_id = users.usesysid
    where
        details.step_name = 'scan'
        and users.usename not in ('landfall_loader', 'landfall_transformer')

)

select
    offered.schema_name,
    offered.table_name,
    offered.models_that_read_it,
    seen.seen_since,
    seen.users_seen
from offered
inner join pg_namespace as spaces on offered.schema_name = spaces.nspname
inner join pg_class as relations
    on
        spaces.oid = relations.relnamespace
        and offered.table_name = relations.relname
cross join seen
left join read_tables on relations.oid = read_tables.table_id
where read_tables.table_id is null
order by offered.schema_name asc, offered.table_name asc
