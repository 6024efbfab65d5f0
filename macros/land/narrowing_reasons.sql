{% macro narrowing_reasons(types) -%}
    {%- set rules = {} -%}
    {%- for column, type in types.items() -%}
        {%- set kind = type.split('(')[0] -%}
        {%- set size = numbers_in(type) -%}
        {%- if kind == 'varchar' -%}
            {%- do rules.update({
                column ~ '_too_long': 'octet_length(trim(' ~ column ~ ')) > ' ~ size[0]}) -%}
        {%- elif kind in ('smallint', 'integer', 'bigint', 'decimal', 'numeric', 'real') -%}
            {#- Landing may have widened a whole number to a DECIMAL, whose fraction the cast would round -#}
            {%- do rules.update({
                column ~ '_out_of_range': 'not (' ~ within_type(column, type) ~ ')',
                column ~ '_too_precise': column ~ ' <> ' ~ narrow(column, type)}) -%}
        {%- elif kind == 'date' -%}
            {%- do rules.update({
                column ~ '_has_time': 'cast(' ~ column ~ ' as timestamp) <> cast(cast('
                ~ column ~ ' as date) as timestamp)'}) -%}
        {%- endif -%}
    {%- endfor -%}
    cast({{ join_reasons(rules) }} as varchar(1000))
{%- endmacro %}
