{% macro add_order_columns(existing) -%}
    {#- dbt would add them only after the look at the table, which reads them. Rows that are there get what a row
        without sequence and position has -#}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.config.meta.get('entity')
        and '_row_number' in node.columns
        and not existing.get(node.schema ~ '.' ~ node.alias, ['_row_number'])
            | select('in', change_order_columns()) | list -%}
        {%- for column, said in change_order_columns().items() %}
        alter table {{ node.schema }}.{{ node.alias }}
            add column {{ column }} {{ said.type }} default {{ said.missing }} not null;
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
