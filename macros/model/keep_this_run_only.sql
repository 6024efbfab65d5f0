{% macro keep_this_run_only() -%}
    {#- `--empty` takes nothing up, so what waits is still to be found -#}
    {%- if not flags.EMPTY -%}
    delete from {{ this }} where _run_id <> '{{ invocation_id }}'
    {%- endif -%}
{%- endmacro %}
