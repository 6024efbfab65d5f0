{% macro join_reasons(rules) -%}
    {#- A condition that is NULL is no reason, so the result is never NULL -#}
    rtrim(
        ''
        {%- for reason, condition in rules.items() %}
        || case when {{ condition }} then '{{ reason }}, ' else '' end
        {%- endfor %},
        ', '
    )
{%- endmacro %}
