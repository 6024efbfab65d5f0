{% macro inserts_directly() -%}
    {#- Rows that are appended, in columns that a contract tells, need not be written to a temporary table before,
        unless a header is to be sent in front of them, which stands before the statement that makes that table -#}
    {{- return(
        config.get('incremental_strategy') in ('append', 'replace_older')
        and config.get('contract', {}).enforced
        and not config.get('sql_header')
        and not columns_beside()
        and model.language == 'sql') -}}
{%- endmacro %}
