{% macro declared_sequence(dataset, columns) -%}
    {%- if not columns -%}
        cast(-1 as numeric(38,0))
    {%- elif columns | length == 1 -%}
        {{ sequence_number(dataset, columns[0]) }}
    {%- else -%}
        {#- Two numbers below 10^19 are one of 38 digits; a missing second one stands before the first -#}
        {%- set first, second = sequence_number(dataset, columns[0]), sequence_number(dataset, columns[1]) -%}
        case
            when {{ first }} < 0 then {{ first }}
            when {{ second }} = -2 or {{ first }} >= 9999999999999999999 or {{ second }} >= 9999999999999999999
                then cast(-2 as numeric(38,0))
            else {{ first }} * cast(10000000000000000000 as numeric(20,0)) + {{ second }} + 1
        end
    {%- endif -%}
{%- endmacro %}
