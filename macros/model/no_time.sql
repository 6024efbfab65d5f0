{% macro no_time() -%}
    timestamp '1970-01-01 00:00:00'
{%- endmacro %}
