{% macro of_this_run() -%}
    _run_id = '{{ invocation_id }}'
{%- endmacro %}
