{% macro ops_table(name) -%}
    {{- return(api.Relation.create(
        database=target.database, schema='ops', identifier=name)) -}}
{%- endmacro %}
