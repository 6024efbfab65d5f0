{% macro redshift__create_view_as(relation, sql) -%}
    {#- dbt's own, but of whole tables under `--empty`: a view outlives the run, and would show no row until it is made again -#}
    {%- set whole = modules.re.sub("[(]select [*] from ([^()]+) where false limit 0[)]", "\\1", sql) if flags.EMPTY else sql -%}
    {{- return(dbt.redshift__create_view_as(relation, whole)) -}}
{%- endmacro %}
