{% macro datasets_with_removals() -%}
    {%- set found = graph.get('removals', {}) if execute else {} -%}
    {%- set known = found.datasets if found.get('run_id') == invocation_id else [] -%}
    {{- return(landing_datasets() | select('in', known) | list) -}}
{%- endmacro %}
