{% macro entity_datasets() -%}
    {#- A unit test is a model of its own, without any: it brings its bounds along, and so their datasets -#}
    {%- if model.resource_type == 'unit_test' -%}
        {{- return(load_bounds() | list) -}}
    {%- endif -%}
    {{- return(entity_config('datasets') or []) -}}
{%- endmacro %}
