{% macro continues() -%}
    {#- Without a modeled table the loads on record are of no use: begin again -#}
    {{- return(
        is_incremental()
        and load_relation(upserted_table(entity_config('entity'))) is not none) -}}
{%- endmacro %}
