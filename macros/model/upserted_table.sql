{% macro upserted_table(entity) -%}
    {{- return(api.Relation.create(
        database=target.database,
        schema=generate_schema_name('modeled', none),
        identifier=entity,
        type='table')) -}}
{%- endmacro %}
