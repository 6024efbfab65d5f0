{% macro changes_of(dataset) -%}
    {%- set declared = landing_source(dataset) -%}
    {{- return(declared.config.meta.get('changes', {}) if declared else {}) -}}
{%- endmacro %}
