{% macro newest_first() -%}
    {{ order_columns() | join(' desc, ') }} desc
{%- endmacro %}
