{% macro offered_tables() -%}
    {%- set models = (graph.nodes.values() if execute else []) | selectattr('resource_type', 'equalto', 'model') | list -%}
    {%- set kept = models | selectattr('config.materialized', 'in', ['table', 'incremental']) | list -%}
    {%- for each in kept if not each.name.endswith('__checked') %}
    {%- set readers = [] -%}
    {%- for model in models if each.unique_id in model.depends_on.nodes -%}
        {%- do readers.append(model.name) -%}
    {%- endfor %}
    select
        '{{ each.schema }}' as schema_name,
        '{{ each.alias }}' as table_name,
        {{ readers | length }} as models_that_read_it
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
{%- endmacro %}
