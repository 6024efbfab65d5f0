{% macro within_type(column, type) -%}
    {%- if type == 'real' -%}
        {#- Text, since a number of so many digits may be taken for a DECIMAL. Infinity is a REAL too -#}
        ({{ column }} = 0
        or abs({{ column }}) between cast('1.4e-45' as double precision) and cast('3.4028234663852886e38' as double precision)
        or abs({{ column }}) > cast('1.7976931348623157e308' as double precision))
    {%- else -%}
        {%- set largest = largest_number(type) -%}
        {%- set largest_double = largest_number(type, of_double=true) -%}
        {%- if largest == largest_double -%}
        {{ column }} between -{{ largest }} and {{ largest }}
        {%- else -%}
        {#- Beside a DOUBLE the largest number is a DOUBLE too, perhaps the next one, which does not fit -#}
        ({{ column }} between -{{ largest_double }} and {{ largest_double }}
        or ({{ column }} between -{{ largest }} and {{ largest }} and {{ is_exact_number(column) }}))
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
