{% macro checked_datasets() -%}
    {#- A run that builds something else has not looked at a dataset, and must not say so: what was undone in it would
        wait for whoever comes next -#}
    {%- set datasets = [] -%}
    {%- for node in graph.nodes.values()
        if node.unique_id in selected_resources and node.name.endswith('__checked') and node.config.meta.get('entity') -%}
        {%- do datasets.extend(node.config.meta.get('datasets') or []) -%}
    {%- endfor -%}
    {{- return(datasets | unique | sort) -}}
{%- endmacro %}
