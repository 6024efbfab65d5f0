{% macro is_removed(alias) -%}
    {{ alias }}.removed_at is not null and {{ alias }}.undone_at is null
{%- endmacro %}
