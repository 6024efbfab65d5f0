{% macro schema_prefix() -%}
    {#- dbt platform hands a job or a developer a schema, and takes no variables but those that begin with DBT_ -#}
    {%- set schema = target.schema -%}
    {{- return(schema[: schema | length - 'staging' | length] if schema.endswith('staging') else schema ~ '_') -}}
{%- endmacro %}
