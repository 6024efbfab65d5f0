{% macro narrow_columns(types) -%}
    {%- set asked_of_deletes = columns_of_deletes(types) if brings_deletes() else types | list -%}
    {%- for column, type in types.items() %}
    {%- set rules = {} if column in asked_of_deletes else narrowing_rules(column, type) %}
    {% if rules -%}
    {#- A delete is accepted whatever does not fit, so it must not hold a part of that -#}
    case
        when _operation = 'D' and ({{ rules.values() | join(' or ') }}) then null
        else {{ narrow(column, type) }}
    end
    {%- else -%}
    {{ narrow(column, type) }}
    {%- endif %} as {{ column }}{% if not loop.last %},{% endif %}
    {%- endfor %}
{%- endmacro %}
