{% macro landing_datasets() -%}
    {#- dbt's graph is complete only when it executes, and a unit test has none -#}
    {%- set sources = graph.get('sources', {}).values() if execute else [] -%}
    {{- return(sources
        | selectattr('source_name', 'equalto', 'landing')
        | map(attribute='name') | sort) -}}
{%- endmacro %}
