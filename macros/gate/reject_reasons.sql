{% macro reject_reasons(rules) -%}
    {#- `case` without `else`-less branches: a condition that is NULL is no reason -#}
    rtrim(
        {%- for reason, condition in rules.items() %}
        {% if not loop.first %}|| {% endif -%}
        case when {{ condition }} then '{{ reason }}, ' else '' end
        {%- endfor %},
        ', '
    )
{%- endmacro %}
