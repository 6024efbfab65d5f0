{% macro run_outcome(results) -%}
    {%- set statuses = results | map(attribute='status') | map('string') | list -%}
    {%- if 'error' in statuses or 'runtime error' in statuses -%}
        {{- return('error') -}}
    {%- elif 'fail' in statuses -%}
        {{- return('gate_failed') -}}
    {%- endif -%}
    {{- return('succeeded') -}}
{%- endmacro %}
