{% macro gated_entity(entity=none) -%}
    {#- The gate's own node: within a gate's macro, `model` is what it was given -#}
    {%- if not execute -%}
        {{- return(entity or '') -}}
    {%- endif -%}
    {%- set attached = graph.nodes.get(model.attached_node) -%}
    {%- set found = entity or (attached.config.meta.get('entity') if attached) -%}
    {%- if found not in upserted_entities() -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ", a gate of " ~ (attached.name if attached else 'no model') ~ ", needs an entity of the project: "
            ~ ("there is no " ~ found if found else "its model has none in config.meta") ~ ". Name one in the gate's argument"
            ~ " entity.") -%}
    {%- endif -%}
    {{- return(found) -}}
{%- endmacro %}
