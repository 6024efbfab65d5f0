{% macro continues() -%}
    {#- Without a modeled table the loads on record are of no use: begin again -#}
    {%- set missing = [] -%}
    {%- if is_incremental() -%}
        {%- for table in entity_tables(entity_config('entity')) if load_relation(table) is none -%}
            {%- do missing.append(table) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(is_incremental() and not missing) -}}
{%- endmacro %}
