{% macro sql_text(value, max_length) -%}
    {%- if value is none -%}
        {{- return('null') -}}
    {%- endif -%}
    {#- Whether a backslash escapes depends on a server setting, so none is sent -#}
    {%- set text = (value | string)[:max_length] | replace('\\', '/') -%}
    {{- return("'" ~ text | replace("'", "''") ~ "'") -}}
{%- endmacro %}
