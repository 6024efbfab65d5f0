{% macro is_exact_number(column) -%}
    {#- Beside a DOUBLE or REAL 0.49999999999999999 is 0.5. Infinity and NaN times 0 are no 0: asked first, since no page
        tells what a NaN is below -#}
    ({{ column }} * 0 = 0 and abs({{ column }} * 0 - 0.49999999999999999) < 0.5)
{%- endmacro %}
