{% macro should_full_refresh() -%}
    {#- As dbt's own, and of an entity whose tables have not the columns that its models declare -#}
    {%- set configured = config.get('full_refresh') -%}
    {{- return(configured if configured is not none else flags.FULL_REFRESH or is_reshaped()) -}}
{%- endmacro %}
