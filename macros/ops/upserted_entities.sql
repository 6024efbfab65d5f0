{% macro upserted_entities() -%}
    {%- set entities = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- set entity = node.config.meta.get('entity') -%}
        {%- if entity and entity not in entities -%}
            {%- do entities.append(entity) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(entities | sort) -}}
{%- endmacro %}
