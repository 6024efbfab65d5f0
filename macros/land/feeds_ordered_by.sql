{% macro feeds_ordered_by(orders, datasets) -%}
    {%- set feeds = [] -%}
    {%- for dataset in datasets -%}
        {%- set changes = changes_of(dataset) -%}
        {%- if changes and changes.get('order', 'time') in orders -%}
            {%- do feeds.append(dataset) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(feeds) -}}
{%- endmacro %}
