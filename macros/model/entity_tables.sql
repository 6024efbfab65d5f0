{% macro entity_tables(entity) -%}
    {#- The graph is complete only when dbt executes -#}
    {%- set tables = [upserted_table(entity)] -%}
    {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        if execute and node.config.meta.get('entity') == entity
        and node.config.incremental_strategy == 'merge' and node.name != entity -%}
        {%- do tables.append(upserted_table(node.name)) -%}
    {%- endfor -%}
    {{- return(tables) -}}
{%- endmacro %}
