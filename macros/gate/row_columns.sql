{% macro row_columns() -%}
    {%- set ordered = change_order_columns() | list if keeps_order() else [] -%}
    {{- return(['_operation', '_narrowing_reasons', '_business_at'] + ordered + [
        '_row_digest',
        '_dataset',
        '_file_id',
        '_source_file',
        '_file_modified_at',
        '_load_seq',
        '_loaded_at',
    ] + snapshot_columns()) -}}
{%- endmacro %}
