{% macro catalog_type(type) -%}
    {%- set names = {
        'varchar': 'character varying', 'numeric': 'numeric', 'decimal': 'numeric',
        'timestamp': 'timestamp without time zone', 'time': 'time without time zone',
        'smallint': 'smallint', 'integer': 'integer', 'bigint': 'bigint', 'real': 'real',
        'double precision': 'double precision', 'boolean': 'boolean', 'date': 'date',
    } -%}
    {%- set kind = (type | lower).split('(')[0] | trim -%}
    {%- set size = numbers_in(type) -%}
    {%- if kind not in names or size | length != {'varchar': 1, 'numeric': 2, 'decimal': 2}.get(kind, 0) -%}
        {{- return(none) -}}
    {%- endif -%}
    {{- return(names[kind] ~ ('(' ~ size | join(',') ~ ')' if size else '')) -}}
{%- endmacro %}
