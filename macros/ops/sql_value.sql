{% macro sql_value(value) -%}
    {#- Whether a backslash escapes depends on a server setting, so none is sent -#}
    {%- set parts = (value | string | replace("'", "''")).split('\\') -%}
    {{- return("'" ~ parts | join("' || chr(92) || '") ~ "'") -}}
{%- endmacro %}
