{% macro modeled_columns() -%}
    _operation = 'D' as is_deleted,
        {{ version_columns() | join(',\n        ') }}
{%- endmacro %}
