{% macro landed_column(name) -%}
    {{- adapter.quote(name | lower) -}}
{%- endmacro %}
