{% macro newest_first() -%}
    {%- for column in order_columns() -%}
        {{ column }} {{ 'asc' if column == '_gone_in' else 'desc' }}{% if not loop.last %}, {% endif -%}
    {%- endfor -%}
{%- endmacro %}
