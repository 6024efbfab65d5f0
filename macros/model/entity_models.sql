{% macro entity_models() -%}
    {%- set models = [] -%}
    {%- for table in entity_tables(entity_config('entity')) -%}
        {%- do models.append(model_name(table)) -%}
    {%- endfor -%}
    {{- return(models) -}}
{%- endmacro %}
