{% macro business_time(columns) -%}
    coalesce({{ columns | join(', ') }}, timestamp '1970-01-01 00:00:00')
{%- endmacro %}
