{% macro modeled_columns() -%}
    _operation = 'D' as is_deleted,
        _business_at,
        {%- if keeps_order() %}
        {{ change_order_columns() | join(',\n        ') }},
        {%- endif %}
        _row_digest,
        _file_id,
        _source_file,
        _file_modified_at
        {%- for column in snapshot_columns() %},
        {{ column }}
        {%- endfor %}
{%- endmacro %}
