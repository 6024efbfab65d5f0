{% macro version_columns() -%}
    {%- set ordered = change_order_columns() | list if keeps_order() else [] -%}
    {{- return(['_business_at'] + ordered + [
        '_row_digest', '_file_id', '_source_file', '_file_modified_at',
    ] + snapshot_columns()) -}}
{%- endmacro %}
