{% macro landed_floats(node) -%}
    {%- set found = {} -%}
    {%- set held = graph.get('landed_floats', {}) -%}
    {%- for id in node.depends_on.nodes if graph.sources.get(id, {}).get('source_name') == 'landing' -%}
        {%- set source_node = graph.sources[id] -%}
        {%- set floats = {} -%}
        {%- for column in source_node.columns.values() if type_kind(column.data_type) in ('real', 'double precision') -%}
            {%- do floats.update({column.name | lower: type_kind(column.data_type)}) -%}
        {%- endfor -%}
        {#- What a run has asked the catalog; of columns that nobody has declared it alone knows -#}
        {%- if held.get('run_id') == invocation_id -%}
            {%- do floats.update(held.columns.get(source_node.name, {})) -%}
        {%- endif -%}
        {%- if floats -%}
            {%- do found.update({source_node.name | lower: floats}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}
