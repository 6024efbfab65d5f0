{% macro inserts_directly() -%}
    {#- Rows that are only appended, in columns that a contract tells, need not be written to a temporary table before -#}
    {{- return(
        config.get('incremental_strategy') == 'append'
        and config.get('contract', {}).enforced
        and model.language == 'sql') -}}
{%- endmacro %}
