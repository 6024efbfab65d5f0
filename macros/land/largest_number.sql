{% macro largest_number(type, of_double=false) -%}
    {#- The lowest integer of a type is one further from zero; nobody counts on that one -#}
    {%- set largest = {
        'smallint': '32767', 'integer': '2147483647',
        'bigint': '9223372036854774784' if of_double else '9223372036854775807',
    } -%}
    {%- if type in largest -%}
        {{- return(largest[type]) -}}
    {%- endif -%}
    {%- set precision, scale = numbers_in(type) -%}
    {%- set whole = precision - scale -%}
    {#- A cast may round a DOUBLE to the 15 digits that each one holds, and so up to one digit more -#}
    {%- set digits = [precision, 15] | min if of_double else precision -%}
    {%- set before = '9' * ([whole, digits] | min) ~ '0' * (whole - digits) -%}
    {%- set after = '9' * (digits - whole) -%}
    {{- return((before or '0') ~ ('.' ~ after if after else '')) -}}
{%- endmacro %}
