{% macro may_not_fit(column, type) -%}
    {%- set kind = type.split('(')[0] -%}
    {%- set size = numbers_in(type) -%}
    {%- if kind == 'varchar' -%}
        octet_length({{ column }}) > {{ size[0] }}
        {%- if column in key_columns() %} or left({{ column }}, 1) = ' '{% endif -%}
    {%- elif kind in ('smallint', 'integer', 'bigint', 'decimal', 'numeric') -%}
        {%- if size -%}
            {#- A digit less than the type has: however a cast rounds, it does not leave the type -#}
            {%- set whole = size[0] - size[1] -%}
            {%- set largest = '9' * [whole - 1, 15] | min if whole > 1 else '0.' ~ '0' * (1 - whole) ~ '9' -%}
        {%- else -%}
            {%- set largest = largest_number(type, of_double=true) -%}
        {%- endif -%}
        case
            when {{ column }} between -{{ largest }} and {{ largest }} then {{ column }} <> cast({{ column }} as {{ type }})
            else {{ column }} is not null
        end
    {%- else -%}
        {{ narrowing_rules(column, type).values() | join(' or ') }}
    {%- endif -%}
{%- endmacro %}
