{% macro unless_deleted(columns) -%}
    {%- for column in columns -%}
        case when _operation <> 'D' then {{ column }} end as {{ column }}
        {%- if not loop.last %},
        {% endif -%}
    {%- endfor -%}
{%- endmacro %}
