{% macro is_missing(column) -%}
    {#- A value that could not be narrowed has its own reason: it is not missing -#}
    {{ column }} is null and strpos(_narrowing_reasons, '{{ column }}_') = 0
{%- endmacro %}
