{% macro keeps_order() -%}
    {{- return(not execute
        or '_row_number' in declared_columns() | map(attribute='name') | list) -}}
{%- endmacro %}
