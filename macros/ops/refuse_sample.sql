{% macro refuse_sample() -%}
    {#- A sampled run would move watermarks over the rows that it left out, and a view would keep the sample's condition -#}
    {%- if is_building() and invocation_args_dict.get('sample') -%}
        {%- set lasting = [] -%}
        {%- for id in selected_resources if id in graph.nodes -%}
            {%- set node = graph.nodes[id] -%}
            {%- if node.resource_type == 'model' and (
                not schema_prefix() or node.config.meta.get('entity') or node.config.materialized == 'view') -%}
                {%- do lasting.append(node.name) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if lasting -%}
            {%- do exceptions.raise_compiler_error(
                "--sample would build " ~ lasting | sort | join(', ') ~ " from a part of the rows, and what was left out would"
                ~ " never be looked at again. Leave it out, or select marts alone, in schemas of your own") -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
