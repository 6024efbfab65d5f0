{% macro landing_datasets() -%}
    {#- dbt's graph is complete only when it executes -#}
    {%- set sources = graph.sources.values() if execute else [] -%}
    {{- return(sources
        | selectattr('source_name', 'equalto', 'landing')
        | map(attribute='name') | sort) -}}
{%- endmacro %}
