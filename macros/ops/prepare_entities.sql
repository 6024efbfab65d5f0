{% macro prepare_entities() -%}
    {#- One question tells which mutexes there are, which tables have the columns of the order, and whether a run may
        say how long its phases took: the loader owns `ops`, and adds columns to it as a step of a deployment -#}
    {%- if is_building() -%}
        {%- set query -%}
            select
                spaces.nspname || '.' || tables.relname as name,
                max(case when columns.attname in ('_row_number', 'phases') then 1 else 0 end) as has_column
            from pg_class as tables
            inner join pg_namespace as spaces on tables.relnamespace = spaces.oid
            inner join pg_attribute as columns on tables.oid = columns.attrelid
            where
                tables.relkind = 'r'
                and (
                    spaces.nspname in (
                        'lock',
                        '{{ generate_schema_name('gate', none) }}',
                        '{{ generate_schema_name('modeled', none) }}'
                    )
                    or spaces.nspname || '.' || tables.relname = 'ops.runs'
                )
            group by 1
        {%- endset -%}
        {%- set existing = {} -%}
        {%- for row in run_query(query).rows -%}
            {%- do existing.update({row[0]: row[1] | int}) -%}
        {%- endfor -%}
        {%- if existing.get('ops.runs') -%}
            {%- do graph.update({'phases_recorded_by': invocation_id}) -%}
        {%- endif -%}
        {{ create_missing_mutexes(existing) }}
        {{ add_order_columns(existing) }}
    {%- endif -%}
{%- endmacro %}
