{% macro join_reasons(first, second) -%}
    {{ first }}
    || case when {{ first }} <> '' and {{ second }} <> '' then ', ' else '' end
    || {{ second }}
{%- endmacro %}
