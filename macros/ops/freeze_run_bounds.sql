{% macro freeze_run_bounds() -%}
    {%- if is_building() -%}
        {%- set datasets = graph.sources.values()
            | selectattr('source_name', 'equalto', 'landing') | list -%}
        insert into {{ ops_table('run_bounds') }}
            (run_id, dataset, upto_seq, frozen_at)
        {%- for dataset in datasets | map(attribute='name') | sort %}
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
