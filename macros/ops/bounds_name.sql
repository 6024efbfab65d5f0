{% macro bounds_name(dataset) -%}
    {#- No dataset has a slash in its name -#}
    {{- return((schema_prefix() ~ '/' if schema_prefix() else '') ~ dataset) -}}
{%- endmacro %}
