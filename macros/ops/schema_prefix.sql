{% macro schema_prefix() -%}
    {{- return(env_var('LANDFALL_SCHEMA_PREFIX', '')) -}}
{%- endmacro %}
