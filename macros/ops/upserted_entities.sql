{% macro upserted_entities() -%}
    {%- set entities = [] -%}
    {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') -%}
        {%- set entity = node.config.meta.get('entity') -%}
        {%- if entity and entity not in entities -%}
            {%- do entities.append(entity) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(entities | sort) -}}
{%- endmacro %}
