{% macro watermark(entity, dataset) -%}
    {#- Of several tables the one that is behind counts: an UPSERT may look at a row twice, and must not miss one -#}
    {%- set models = [] -%}
    {%- for table in entity_tables(entity) -%}
        {%- do models.append(model_name(table)) -%}
    {%- endfor -%}
    {{- return(query_value(
        "select case when count(*) = " ~ models | length ~ " then min(upto_seq) else 0 end from ("
        ~ "select model, max(upto_seq) as upto_seq from " ~ ops_table('model_loads')
        ~ " where model in ('" ~ models | join("', '") ~ "') and dataset = '" ~ dataset
        ~ "' group by model) as loads") | int) -}}
{%- endmacro %}
