{% macro missing_gates() -%}
    {#- Error gates on what the model reads, directly or one step further up -#}
    {%- set upstream = [] -%}
    {%- for parent in model.depends_on.nodes -%}
        {%- do upstream.append(parent) -%}
        {%- do upstream.extend(graph.nodes.get(parent, model).depends_on.nodes) -%}
    {%- endfor -%}
    {%- set missing = [] -%}
    {%- for gate in graph.nodes.values() | selectattr('resource_type', 'equalto', 'test') -%}
        {%- set gated = gate.attached_node or gate.depends_on.nodes | first -%}
        {%- if gated in upstream and gate.config.severity | lower == 'error'
            and gate.unique_id not in selected_resources -%}
            {%- do missing.append(gate.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(missing) -}}
{%- endmacro %}
