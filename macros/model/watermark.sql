{% macro watermark(entity, dataset) -%}
    {{- return(query_value(
        "select coalesce(max(upto_seq), 0) from " ~ ops_table('model_loads')
        ~ " where model = '" ~ model_name(upserted_table(entity))
        ~ "' and dataset = '" ~ dataset ~ "'") | int) -}}
{%- endmacro %}
