{% macro mutex_table(entity) -%}
    {{- return(api.Relation.create(
        database=target.database,
        schema='lock',
        identifier='_model_' ~ schema_prefix() ~ entity)) -}}
{%- endmacro %}
