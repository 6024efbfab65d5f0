{% macro watermark(entity, dataset) -%}
    {#- Of several tables the one that is behind counts: an UPSERT may look at a row twice, and must not miss one -#}
    {%- set known = run_facts().watermarks if execute else {} -%}
    {%- set taken = [] -%}
    {%- for table in entity_tables(entity) -%}
        {%- do taken.append(known.get((model_name(table), dataset), 0) | int) -%}
    {%- endfor -%}
    {{- return(taken | min) -}}
{%- endmacro %}
