{% macro freeze_run_bounds() -%}
    {%- if is_building() -%}
        {%- set datasets = checked_datasets() -%}
        insert into {{ ops_table('run_bounds') }}
            (run_id, dataset, upto_seq, frozen_at)
        {%- for dataset in datasets %}
        {% if not loop.first %}union all {% endif -%}
        select
            cast('{{ invocation_id }}' as varchar(64)) as run_id,
            cast('{{ bounds_name(dataset) }}' as varchar(128)) as dataset,
            coalesce(max(load_seq), 0) as upto_seq,
            getdate() as frozen_at
        from {{ ledger_table(dataset) }}
        {%- else %}
        {#- It is under way all the same: housekeeping waits for whatever may read landed rows #}
        values ('{{ invocation_id }}', '', 0, getdate())
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
