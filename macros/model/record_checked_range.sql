{% macro record_checked_range() -%}
    {%- if not flags.EMPTY -%}
        {%- set mutex = mutex_table(entity_config('entity')) -%}
        delete from {{ mutex }};
        insert into {{ mutex }} (run_id, dataset, from_seq, upto_seq)
        {%- for dataset in entity_config('datasets') or [] %}
        {%- set upto_seq = frozen_bound(dataset) %}
        {#- A range without rows starts where it ends, unless the model starts anew; of others each row tells the range #}
        select
            '{{ invocation_id }}',
            '{{ dataset }}',
            coalesce(max(_from_seq), {{ upto_seq if continues() else 0 }}),
            coalesce(max(_upto_seq), {{ upto_seq }})
        from (
            select _from_seq, _upto_seq
            from {{ this }}
            where _run_id = '{{ invocation_id }}' and _dataset = '{{ dataset }}'
            limit 1
        ) as any_row
        {% if not loop.last %}union all{% endif %}
        {%- endfor %};
        {%- if execute and not continues() %}
        {%- set models = [] -%}
        {%- for table in entity_tables(entity_config('entity')) -%}
            {%- do models.append(model_name(table)) -%}
        {%- endfor %}
        {#- Fails where another run has modeled loads behind this one's bound: a table that is built anew would lose them #}
        select 1 / case when count(*) = 0 then 1 else 0 end as no_load_was_modeled_meanwhile
        from {{ mutex }} as taken
        inner join {{ ops_table('model_loads') }} as modeled
            on taken.dataset = modeled.dataset and taken.upto_seq < modeled.upto_seq
        where modeled.model in ('{{ models | join("', '") }}');
        {%- endif %}
        {%- for dataset in entity_config('datasets') or [] if dataset in datasets_with_removals() %}
        {#- Fails where rows of the range were removed since the run began; one snapshot tells it and has read them #}
        select 1 / case when count(*) = 0 then 1 else 0 end as no_row_was_removed_meanwhile
        from {{ mutex }} as taken
        inner join {{ ledger_table(dataset) }} as files
            on files.load_seq > taken.from_seq and files.load_seq <= taken.upto_seq
        where taken.dataset = '{{ dataset }}' and {{ is_removed('files') }};
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}
