{% macro says_deleted(dataset, column) -%}
    {%- set kind = declared_kind(dataset, column) -%}
    {%- set value = landed_column(column) -%}
    {%- if kind == 'boolean' -%}
        {{ value }}
    {%- elif kind in ('smallint', 'integer', 'bigint', 'decimal') -%}
        {{ value }} <> 0
    {%- elif kind in ('real', 'double precision') -%}
        {#- pandas writes 0 and 1 beside a missing value as DOUBLE, others NaN for it. NaN is above all numbers, or beside
            none -#}
        ({{ value }} <> 0 and abs({{ value }}) <= cast('1.7976931348623157e308' as double precision))
    {%- elif kind == 'varchar' -%}
        {#- `false` is what Debezium's `__deleted` says of other rows; a time as text is one -#}
        (lower(trim({{ value }})) not in ('', 'false', 'f', 'no', 'n', 'off', 'null', 'none', 'nan')
        and trim({{ value }}) !~ '^[+-]?0+([.]0*)?$')
    {%- elif kind in ('date', 'time', 'timestamp') -%}
        {{ value }} is not null
    {%- else -%}
        {#- Of a mark that is never empty every row would be deleted -#}
        {%- do exceptions.raise_compiler_error(
            "changes of " ~ dataset ~ " say deleted: " ~ column ~ ", which is " ~ kind ~ ": a mark is a boolean, a number,"
            ~ " a text or a time") -%}
    {%- endif -%}
{%- endmacro %}
