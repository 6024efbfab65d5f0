{% macro prepare_entities() -%}
    {#- One question tells which mutexes there are, and which tables have the columns of the order -#}
    {%- if is_building() -%}
        {%- set query -%}
            select
                spaces.nspname || '.' || tables.relname as name,
                max(case when columns.attname = '_row_number' then 1 else 0 end) as keeps_order
            from pg_class as tables
            inner join pg_namespace as spaces on tables.relnamespace = spaces.oid
            inner join pg_attribute as columns on tables.oid = columns.attrelid
            where
                tables.relkind = 'r'
                and spaces.nspname in (
                    'lock',
                    '{{ generate_schema_name('gate', none) }}',
                    '{{ generate_schema_name('modeled', none) }}'
                )
            group by 1
        {%- endset -%}
        {%- set existing = {} -%}
        {%- for row in run_query(query).rows -%}
            {%- do existing.update({row[0]: row[1] | int}) -%}
        {%- endfor -%}
        {{ create_missing_mutexes(existing) }}
        {{ add_order_columns(existing) }}
    {%- endif -%}
{%- endmacro %}
