{% macro narrowing_reasons(texts={}, integers=[], decimals={}) -%}
    {%- set rules = {} -%}
    {%- for column, max_bytes in texts.items() -%}
        {%- do rules.update({
            column ~ '_too_long': 'octet_length(trim(' ~ column ~ ')) > ' ~ max_bytes}) -%}
    {%- endfor -%}
    {%- for column in integers -%}
        {%- do rules.update({
            column ~ '_out_of_range': column ~ ' not between -2147483648 and 2147483647'}) -%}
    {%- endfor -%}
    {%- for column, size in decimals.items() -%}
        {%- set whole = '9' * (size[0] - size[1]) -%}
        {%- do rules.update({
            column ~ '_out_of_range': column ~ ' not between -' ~ whole ~ ' and ' ~ whole,
            column ~ '_too_precise': column ~ ' <> round(' ~ column ~ ', ' ~ size[1] ~ ')'}) -%}
    {%- endfor -%}
    {{ reject_reasons(rules) }}
{%- endmacro %}
