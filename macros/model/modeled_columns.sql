{% macro modeled_columns() -%}
    _operation = 'D' as is_deleted,
        _business_at,
        _row_digest,
        _file_id,
        _source_file,
        _file_modified_at
{%- endmacro %}
