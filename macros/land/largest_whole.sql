{% macro largest_whole(type) -%}
    {#- The lowest integer of a type is one further from zero; nobody counts on that one -#}
    {%- set largest = {
        'smallint': '32767', 'integer': '2147483647', 'bigint': '9223372036854775807',
    } -%}
    {%- if type in largest -%}
        {{- return(largest[type]) -}}
    {%- endif -%}
    {%- set size = numbers_in(type) -%}
    {{- return('9' * (size[0] - size[1])) -}}
{%- endmacro %}
