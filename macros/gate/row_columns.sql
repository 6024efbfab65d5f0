{% macro row_columns() -%}
    {{- return([
        '_operation',
        '_narrowing_reasons',
        '_business_at',
        '_row_digest',
        '_dataset',
        '_file_id',
        '_source_file',
        '_file_modified_at',
        '_load_seq',
        '_loaded_at',
    ]) -}}
{%- endmacro %}
