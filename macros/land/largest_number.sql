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
    {#- Redshift keeps a DECIMAL of up to 19 digits in 64 bits, so that not all of 19 digits fit -#}
    {%- set digits = '9223372036854775807' if precision == 19 else '9' * precision -%}
    {%- if of_double and precision > 15 -%}
        {#- A cast may round a DOUBLE to the 15 digits that each one holds, and so up to one digit more -#}
        {%- set digits = digits[:15] ~ '0' * (precision - 15) -%}
    {%- endif -%}
    {%- set after = digits[whole:].rstrip('0') -%}
    {%- if whole == 19 and precision > 19 and not after -%}
        {#- As a literal without a fraction it would be a DECIMAL of 19 digits itself -#}
        {%- set after = '0' -%}
    {%- endif -%}
    {{- return((digits[:whole] or '0') ~ ('.' ~ after if after else '')) -}}
{%- endmacro %}
