{% macro declared_operation(dataset) -%}
    {%- set changes = changes_of(dataset) -%}
    {%- set codes = {'insert': ['I'], 'update': ['U'], 'delete': ['D']} -%}
    {%- do codes.update(changes.get('codes', {})) -%}
    {%- if not changes.get('operation') and not changes.get('deleted') -%}
        cast('U' as varchar(8))
    {%- else -%}
    cast(case
        {%- if changes.get('deleted') %}
        when {{ says_deleted(dataset, changes.deleted) }} then 'D'
        {%- endif %}
        {%- if changes.get('operation') %}
        {%- set said = 'upper(trim(cast(' ~ landed_column(changes.operation) ~ ' as varchar(256))))' %}
        {%- for what, operation in [('insert', 'I'), ('update', 'U'), ('delete', 'D')] %}
        when {{ said }} in (
            {%- for code in codes[what] -%}
                {{ sql_value(code.strip().upper()) }}{% if not loop.last %}, {% endif %}
            {%- endfor -%}
        ) then '{{ operation }}'
        {%- endfor %}
        {#- A code that is not declared must not read as one of the three #}
        when {{ said }} <> '' then '?' || left({{ said }}, 1)
        {%- endif %}
        else 'U'
    end as varchar(8))
    {%- endif -%}
{%- endmacro %}
