{% macro is_wrong_npi(column) -%}
    {#- Luhn's formula over `80840` and the number; the five digits of the prefix come to 24 -#}
    {{ column }} ~ '^[0-9]{10}$' and mod(24
    {%- for position in range(1, 11) -%}
        {%- set digit = "(ascii(substring(" ~ column ~ ", " ~ position ~ ", 1)) - 48)" %}
        {%- if position % 2 == 0 %}
        + {{ digit }}
        {%- else %}
        + 2 * {{ digit }} - 9 * ({{ digit }} / 5)
        {%- endif -%}
    {%- endfor %}, 10) <> 0
{%- endmacro %}
