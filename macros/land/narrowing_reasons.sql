{% macro narrowing_reasons(types) -%}
    {%- set asked_of_deletes = columns_of_deletes(types) if brings_deletes() else types | list -%}
    {%- set rules = {} -%}
    {%- set rules_of_deletes = {} -%}
    {%- set doubts = [] -%}
    {%- for column, type in types.items() -%}
        {%- set of_column = narrowing_rules(column, type) -%}
        {%- do rules.update(of_column) -%}
        {%- if column in asked_of_deletes -%}
            {%- do rules_of_deletes.update(of_column) -%}
        {%- endif -%}
        {%- if of_column -%}
            {%- do doubts.append('(' ~ may_not_fit(column, type) ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not rules -%}
    cast('' as varchar(1000))
    {%- else -%}
    {#- Nearly all rows fit: of them no rule is asked -#}
    cast(case
        when {{ doubts | join(' or ') }}
            then {% if rules_of_deletes != rules -%}
                case
                    when _operation = 'D' then {{ join_reasons(rules_of_deletes) }}
                    else {{ join_reasons(rules) }}
                end
            {%- else -%}
                {{ join_reasons(rules) }}
            {%- endif %}
        else ''
    end as varchar(1000))
    {%- endif -%}
{%- endmacro %}
