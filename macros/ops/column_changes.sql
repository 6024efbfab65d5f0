{% macro column_changes(existing) -%}
    {%- set changes = {} -%}
    {%- set order_columns = change_order_columns() -%}
    {%- set of_several_tables = upserted_models() -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.config.meta.get('entity')
        and node.schema ~ '.' ~ node.alias in existing -%}
        {%- set entity = node.config.meta.entity -%}
        {%- set table = node.schema ~ '.' ~ node.alias -%}
        {%- set held = existing[table] -%}
        {#- Where none is there, `add_order_columns` adds them; where some are, somebody took the others away -#}
        {%- set added = [] if held | select('in', order_columns) | list else order_columns -%}
        {%- set said = graph.nodes['model.' ~ project_name ~ '.' ~ entity].config.meta -%}
        {%- set change = changes.setdefault(entity, {'anew': [], 'statements': [], 'beside': {}}) -%}
        {#- A version is told by its digest, which is made of all columns: a history knows no other way -#}
        {%- set keeps_versions = entity in of_several_tables -%}
        {%- for name, column in node.columns.items()
            if column.data_type and name not in added -%}
            {%- if name not in held and name in said.get('unfilled_columns', []) and not keeps_versions -%}
                {%- do change.statements.append(
                    'alter table ' ~ table ~ ' add column ' ~ name ~ ' ' ~ column.data_type) -%}
            {%- elif name not in held -%}
                {%- do change.anew.append(table ~ ' has no column ' ~ name) -%}
            {%- elif not name.startswith('_') and catalog_type(column.data_type) not in (none, held[name]) -%}
                {%- do change.anew.append(
                    table ~ '.' ~ name ~ ' is ' ~ held[name] ~ ' and not ' ~ column.data_type) -%}
            {%- endif -%}
        {%- endfor -%}
        {#- What a modeled table has beside its columns may be somebody's own; `__checked` is nobody's -#}
        {%- for name in held if name not in node.columns -%}
            {%- if name not in said.get('dropped_columns', []) and not node.name.endswith('__checked') -%}
                {%- do change.beside.setdefault(table, []).append(name) -%}
            {%- elif keeps_versions -%}
                {%- do change.anew.append(table ~ ' still has the column ' ~ name) -%}
            {%- else -%}
                {%- do change.statements.append('alter table ' ~ table ~ ' drop column ' ~ name) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(changes) -}}
{%- endmacro %}
