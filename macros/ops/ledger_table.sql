{% macro ledger_table(dataset) -%}
    {{- return(api.Relation.create(
        database=target.database, schema='ledger', identifier=dataset)) -}}
{%- endmacro %}
