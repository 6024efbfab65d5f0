{% macro entity_tables(entity) -%}
    {%- set tables = [] -%}
    {%- for name in upserted_models().get(entity, [entity]) -%}
        {%- do tables.append(upserted_table(name)) -%}
    {%- endfor -%}
    {{- return(tables) -}}
{%- endmacro %}
