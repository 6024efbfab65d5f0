{% macro within_type(column, type) -%}
    {%- if type == 'real' -%}
        {#- Text, since a number of so many digits may be taken for a DECIMAL. Infinity is a REAL too -#}
        ({{ column }} = 0
        or abs({{ column }}) between cast('1.4e-45' as double precision) and cast('3.4028234663852886e38' as double precision)
        or abs({{ column }}) > cast('1.7976931348623157e308' as double precision))
    {%- else -%}
        {{ column }} between -{{ largest_whole(type) }} and {{ largest_whole(type) }}
    {%- endif -%}
{%- endmacro %}
