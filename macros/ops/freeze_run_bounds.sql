{% macro freeze_run_bounds() -%}
    {%- if is_building() -%}
        insert into {{ ops_table('run_bounds') }}
            (run_id, dataset, upto_seq, frozen_at)
        {%- for dataset in landing_datasets() %}
        {% if not loop.first %}union all {% endif -%}
        select
            cast('{{ invocation_id }}' as varchar(64)) as run_id,
            cast('{{ dataset }}' as varchar(128)) as dataset,
            coalesce(max(load_seq), 0) as upto_seq,
            getdate() as frozen_at
        from {{ ledger_table(dataset) }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
