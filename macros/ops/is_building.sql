{% macro is_building() -%}
    {#- compile, docs and lint render the same SQL without running it -#}
    {{- return(execute and flags.WHICH in ['run', 'build', 'retry']) -}}
{%- endmacro %}
