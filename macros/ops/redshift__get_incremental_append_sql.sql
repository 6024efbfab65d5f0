{% macro redshift__get_incremental_append_sql(arg_dict) -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    {%- if inserts_directly() %}
    {#- On lines of its own: its last one may end with a comment #}
    from (
{{ sql }}
    ) as model_subq
    {%- else %}
    from {{ arg_dict['temp_relation'] }}
    {%- endif %}
{%- endmacro %}
