{% macro says_deleted(dataset, column) -%}
    {%- set kind = declared_kind(dataset, column) -%}
    {%- set value = landed_column(column) -%}
    {%- if kind in ('boolean', 'bool') -%}
        {{ value }}
    {%- elif kind in ('smallint', 'integer', 'bigint', 'decimal', 'numeric') -%}
        {{ value }} <> 0
    {%- elif kind in ('varchar', 'char', 'character varying') -%}
        {#- `false` is what Debezium's `__deleted` says of other rows; a time as text is one -#}
        lower(trim({{ value }})) not in ('', 'false', 'f', 'no', 'n', '0')
    {%- else -%}
        {{ value }} is not null
    {%- endif -%}
{%- endmacro %}
