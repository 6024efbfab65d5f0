{% macro prepare_entities() -%}
    {#- One question tells which mutexes there are, what columns the tables of the entities have, of which datasets rows
        may have been removed or files undone, what lands as a FLOAT, and whether a run may say how long its phases took: the loader owns `ops`, and adds
        columns to it as a step of a deployment -#}
    {%- if is_building() -%}
        {%- do refuse_sample() -%}
        {%- set query -%}
            select
                spaces.nspname || '.' || tables.relname as name,
                columns.attname as column_name,
                format_type(columns.atttypid, columns.atttypmod) as data_type
            from pg_class as tables
            inner join pg_namespace as spaces on tables.relnamespace = spaces.oid
            inner join pg_attribute as columns on tables.oid = columns.attrelid
            where
                tables.relkind = 'r'
                and columns.attnum > 0
                and not columns.attisdropped
                and (
                    spaces.nspname in (
                        'lock',
                        '{{ generate_schema_name('gate', none) }}',
                        '{{ generate_schema_name('modeled', none) }}'
                    )
                    or spaces.nspname || '.' || tables.relname = 'ops.runs'
                    or (spaces.nspname = 'ledger' and columns.attname in ('removed_at', 'undone_seq'))
                    or (
                        spaces.nspname = 'landing'
                        and format_type(columns.atttypid, columns.atttypmod) in ('real', 'double precision')
                    )
                )
        {%- endset -%}
        {%- set existing = {} -%}
        {%- set removals = [] -%}
        {%- set undos = [] -%}
        {%- set floats = {} -%}
        {%- for name, column, type in run_query(query).rows -%}
            {%- if column == 'removed_at' and name.startswith('ledger.') -%}
                {%- do removals.append(name[7:]) -%}
            {%- elif column == 'undone_seq' and name.startswith('ledger.') -%}
                {%- do undos.append(name[7:]) -%}
            {%- elif name.startswith('landing.') -%}
                {%- do floats.setdefault(name[8:], {}).update({column: type}) -%}
            {%- else -%}
                {%- do existing.setdefault(name, {}).update({column: type}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do graph.update({'removals': {'run_id': invocation_id, 'datasets': removals}}) -%}
        {%- do graph.update({'landed_floats': {'run_id': invocation_id, 'columns': floats}}) -%}
        {%- if 'phases' in existing.get('ops.runs', {}) -%}
            {%- do graph.update({'phases_recorded_by': invocation_id}) -%}
        {%- endif -%}
        {{ note_undos(undos) }}
        {{ create_missing_mutexes(existing) }}
        {{ add_order_columns(existing) }}
        {{ fit_columns(existing) }}
    {%- endif -%}
{%- endmacro %}
