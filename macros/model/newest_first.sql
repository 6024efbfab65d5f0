{% macro newest_first() -%}
    _business_at desc, _file_modified_at desc, _file_id desc, _row_digest desc
{%- endmacro %}
