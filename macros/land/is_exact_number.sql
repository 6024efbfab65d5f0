{% macro is_exact_number(column) -%}
    {#- Beside a DOUBLE or REAL 1.00000000000000001 is 1. Infinity and NaN times 0 are no 0 -#}
    ({{ column }} * 0 = 0 and {{ column }} * 0 + 1.00000000000000001 > 1)
{%- endmacro %}
