{% macro fit_columns(existing) -%}
    {%- set changes = column_changes(existing) -%}
    {#- Nodes share dbt's graph: `is_reshaped` reads it there -#}
    {%- set reshaped = [] -%}
    {%- for entity, change in changes.items() -%}
        {%- if change.anew -%}
            {%- do reshaped.append(entity) -%}
            {%- do log(entity ~ " is built from the first row: " ~ change.anew | join(', '), info=true) -%}
        {%- else -%}
            {%- for statement in change.statements %}
        {{ statement }};
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do graph.update({'reshaped': {'run_id': invocation_id, 'entities': reshaped}}) -%}
{%- endmacro %}
