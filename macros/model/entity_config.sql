{% macro entity_config(name) -%}
    {%- set value = model.config.meta.get(name) -%}
    {%- if value is none and execute -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ " needs config.meta." ~ name
            ~ ": the entity it belongs to and the dataset it is made from.") -%}
    {%- endif -%}
    {{- return(value) -}}
{%- endmacro %}
