{% macro upserted_models() -%}
    {#- The graph is complete only when dbt executes -#}
    {%- set models = {} -%}
    {%- for node in graph.nodes.values()
        if execute and node.resource_type == 'model' and node.config.incremental_strategy == 'merge' -%}
        {%- set entity = node.config.meta.get('entity') -%}
        {%- if entity and entity != node.name -%}
            {%- do models.setdefault(entity, [entity]).append(node.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(models) -}}
{%- endmacro %}
