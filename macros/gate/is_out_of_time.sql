{% macro is_out_of_time(column) -%}
    {#- Judged against the file, never against now: the same row gets the same verdict on every day -#}
    {{ column }} < timestamp '1970-01-01 00:00:00'
    or {{ column }} > dateadd(
        day, {{ var('landfall_future_tolerance_days') }}, _file_modified_at
    )
{%- endmacro %}
