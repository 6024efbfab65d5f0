{%- set models = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | list -%}
{%- set kept = models | selectattr('config.materialized', 'in', ['table', 'incremental']) | list -%}
with offered as (

    {% for each in kept if not each.name.endswith('__checked') %}
    {%- set readers = [] -%}
    {%- for model in models if each.unique_id in model.depends_on.nodes -%}
        {%- do readers.append(model.name) -%}
    {%- endfor -%}
    select
        '{{ each.schema }}' as schema_name,
        '{{ each.alias }}' as table_name,
        {{ readers | length }} as models_that_read_it
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

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
inner join pg_class as tables on spaces.oid = tables.relnamespace and offered.table_name = tables.relname
cross join seen
left join read_tables on tables.oid = read_tables.table_id
where read_tables.table_id is null
order by offered.schema_name asc, offered.table_name asc
