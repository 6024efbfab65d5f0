{% macro missing_gates() -%}
    {%- set upstream = model.depends_on.nodes -%}
    {%- set missing = [] -%}
    {%- for gate in graph.nodes.values() | selectattr('resource_type', 'equalto', 'test') -%}
        {%- set blocks = gate.depends_on.nodes | select('in', upstream) | list -%}
        {%- if blocks and gate.config.severity | lower == 'error'
            and gate.unique_id not in selected_resources -%}
            {%- do missing.append(gate.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(missing) -}}
{%- endmacro %}
