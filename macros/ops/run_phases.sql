{% macro run_phases(results) -%}
    {%- set seconds = {} -%}
    {%- for result in results -%}
        {%- set is_gate = result.node.resource_type == 'test' -%}
        {%- set phase = 'gates' if is_gate else result.node.fqn[1] -%}
        {%- do seconds.update({phase: seconds.get(phase, 0) + result.execution_time}) -%}
    {%- endfor -%}
    {%- set rounded = {} -%}
    {%- for phase, sum in seconds.items() -%}
        {%- do rounded.update({phase: sum | round(2)}) -%}
    {%- endfor -%}
    {{- return(tojson(rounded)) -}}
{%- endmacro %}
