{% macro same_key(key, one, other) -%}
    {%- for column in key -%}
        {{ one }}.{{ column }} = {{ other }}.{{ column }}
        {%- if not loop.last %} and {% endif -%}
    {%- endfor -%}
{%- endmacro %}
