{% macro create_missing_mutexes() -%}
    {%- if is_building() -%}
        {%- set existing = run_query(
            "select tablename from pg_tables where schemaname = 'lock'"
        ).columns[0].values() -%}
        {%- for entity in upserted_entities() -%}
            {%- set mutex = mutex_table(entity) -%}
            {%- if mutex.identifier not in existing %}
        create table if not exists {{ mutex }} (
            run_id varchar(64) not null,
            dataset varchar(128) not null,
            from_seq bigint not null,
            upto_seq bigint not null
        );
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
