{% macro numbers_in(type) -%}
    {%- set numbers = [] -%}
    {%- for number in modules.re.findall('[0-9]+', type) -%}
        {%- do numbers.append(number | int) -%}
    {%- endfor -%}
    {{- return(numbers) -}}
{%- endmacro %}
