{% macro key_columns() -%}
    {#- Of the entity that a staging model is of, as its UPSERT has them, unless the key is masked behind it; a model that
        is of none has none -#}
    {%- set keys = [] -%}
    {%- if execute and model.config.meta.get('narrowed_key') -%}
        {%- do keys.extend(as_list(model.config.meta.narrowed_key)) -%}
    {%- elif execute and model.name.startswith('stg_') -%}
        {%- set entity = model.name[4:] -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == entity -%}
            {%- do keys.extend(as_list(node.config.unique_key or [])) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(keys) -}}
{%- endmacro %}
