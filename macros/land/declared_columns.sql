{% macro declared_columns() -%}
    {{- return(model.columns.values() | list) -}}
{%- endmacro %}
