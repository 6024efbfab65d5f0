{% macro narrowing_reasons(types) -%}
    {%- set asked_of_deletes = columns_of_deletes(types) -%}
    {%- set rules = {} -%}
    {%- set rules_of_deletes = {} -%}
    {%- for column, type in types.items() -%}
        {%- set of_column = narrowing_rules(column, type) -%}
        {%- do rules.update(of_column) -%}
        {%- if column in asked_of_deletes -%}
            {%- do rules_of_deletes.update(of_column) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if rules_of_deletes == rules -%}
    cast({{ join_reasons(rules) }} as varchar(1000))
    {%- else -%}
    cast(case
        when _operation = 'D' then {{ join_reasons(rules_of_deletes) }}
        else {{ join_reasons(rules) }}
    end as varchar(1000))
    {%- endif -%}
{%- endmacro %}
