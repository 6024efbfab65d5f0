{% macro gated_model(gate) -%}
    {%- set attached = gate.attached_node or gate.depends_on.nodes | first -%}
    {{- return((attached or '').split('.')[2:] | join('.')) -}}
{%- endmacro %}
