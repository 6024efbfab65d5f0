{% macro operation(column=none) -%}
    {#- Of staging models that were written before a source could declare `changes` -#}
    {%- if column is none -%}
        cast('U' as varchar(8))
    {%- else -%}
        cast(left(coalesce(nullif(upper(trim({{ column }})), ''), 'U'), 8) as varchar(8))
    {%- endif -%}
{%- endmacro %}
