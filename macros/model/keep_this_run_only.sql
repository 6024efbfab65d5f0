{% macro keep_this_run_only() -%}
    delete from {{ this }} where _run_id <> '{{ invocation_id }}'
{%- endmacro %}
