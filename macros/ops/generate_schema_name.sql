{% macro generate_schema_name(custom_schema_name, node) -%}
    {{- schema_prefix() ~ (custom_schema_name or 'staging') | trim -}}
{%- endmacro %}
