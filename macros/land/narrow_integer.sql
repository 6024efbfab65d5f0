{% macro narrow_integer(column) -%}
    case
        when {{ column }} between -2147483648 and 2147483647
            then cast({{ column }} as integer)
    end
{%- endmacro %}
