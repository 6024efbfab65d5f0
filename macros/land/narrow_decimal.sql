{% macro narrow_decimal(column, precision, scale) -%}
    {%- set whole = '9' * (precision - scale) -%}
    case
        when {{ column }} between -{{ whole }} and {{ whole }}
            then cast({{ column }} as decimal({{ precision }}, {{ scale }}))
    end
{%- endmacro %}
