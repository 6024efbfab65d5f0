{% macro create_missing_mutexes(existing) -%}
    {%- for entity in upserted_entities() -%}
        {%- set mutex = mutex_table(entity) -%}
        {%- if 'lock.' ~ mutex.identifier not in existing %}
        create table if not exists {{ mutex }} (
            run_id varchar(64) not null,
            dataset varchar(128) not null,
            from_seq bigint not null,
            upto_seq bigint not null
        );
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
