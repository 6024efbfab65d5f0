{% macro guard_upsert() -%}
    {%- if is_building() -%}
        {%- do require_own_rows() -%}
        {%- do require_full_range() -%}
        {%- do require_gates() -%}
    {%- endif -%}
{%- endmacro %}
