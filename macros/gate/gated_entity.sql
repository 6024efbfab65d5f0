{% macro gated_entity() -%}
    {#- The gate's own node: within a gate's macro, `model` is what it was given -#}
    {%- set attached = graph.nodes.get(model.attached_node) if execute -%}
    {{- return(attached.config.meta.entity if attached else '') -}}
{%- endmacro %}
