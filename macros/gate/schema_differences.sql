{% macro schema_differences(relation, dataset) -%}
    {%- set found = {} -%}
    {%- set declared = {} -%}
    {%- if execute -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do found.update({column.name: column.data_type | lower}) -%}
        {%- endfor -%}
        {%- set source_node = graph.sources.values()
            | selectattr('source_name', 'equalto', 'landing')
            | selectattr('name', 'equalto', dataset) | first -%}
        {%- do declared.update(source_node.columns) -%}
    {%- endif -%}
    {%- for name, column in declared.items()
        if not type_holds(found.get(name | lower), column.data_type) %}
select
    {{ sql_text(name, 128) }} as column_name,
    {{ sql_text(column.data_type, 128) }} as declared_type,
    {{ sql_text(found.get(name | lower, 'no such column'), 128) }} as found_type
union all
    {%- endfor %}
select
    '' as column_name,
    '' as declared_type,
    '' as found_type
where 1 = 0
{%- endmacro %}
