{% macro narrow_columns(types) -%}
    {%- for column, type in types.items() %}
    {{ narrow(column, type) }} as {{ column }}{% if not loop.last %},{% endif %}
    {%- endfor %}
{%- endmacro %}
