{% macro newest_accepted() -%}
    row_status = 'accepted' and _version_rank = 1
        and {{ of_this_run() }}
{%- endmacro %}
