{% macro fit_columns(existing) -%}
    {%- set changes = column_changes(existing) -%}
    {#- Nodes share dbt's graph: `is_reshaped` and `columns_beside` read it there -#}
    {%- set reshaped = [] -%}
    {%- set beside = {} -%}
    {%- for entity, change in changes.items() -%}
        {%- do beside.update(change.beside) -%}
        {%- if change.anew -%}
            {%- do reshaped.append(entity) -%}
            {%- do log(entity ~ " is built from the first row: " ~ change.anew | join(', '), info=true) -%}
        {%- else -%}
            {%- for statement in change.statements %}
        {{ statement }};
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for entity, file in earlier_versions(existing).items() if entity not in reshaped -%}
        {%- do reshaped.append(entity) -%}
        {%- do log(entity ~ " is built from the first row: " ~ file ~ " has landed, which was stored before the version of it"
            ~ " that is modeled", info=true) -%}
    {%- endfor -%}
    {%- do graph.update({'beside': {'run_id': invocation_id, 'columns': beside}}) -%}
    {%- do graph.update({'reshaped': {'run_id': invocation_id, 'entities': reshaped}}) -%}
{%- endmacro %}
