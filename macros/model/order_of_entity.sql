{% macro order_of_entity() -%}
    {%- set orders = [] -%}
    {%- for dataset in entity_datasets() -%}
        {%- set ordered_by = changes_of(dataset).get('order', 'time') -%}
        {%- if ordered_by not in orders -%}
            {%- do orders.append(ordered_by) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if orders | length > 1 -%}
        {%- do exceptions.raise_compiler_error(
            "the datasets of " ~ model.name ~ " are ordered by " ~ orders | join(' and by ')
            ~ ": rows of one cannot be compared with rows of the other. Declare the same `order` in"
            ~ " `changes` of each, in the source YAML.") -%}
    {%- endif -%}
    {{- return(orders | first or 'time') -}}
{%- endmacro %}
