{% macro is_new_row() -%}
    _load_seq > _from_seq and _load_seq <= _upto_seq
{%- endmacro %}
