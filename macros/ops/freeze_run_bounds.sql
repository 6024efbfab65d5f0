{% macro freeze_run_bounds() -%}
    {%- if is_building() -%}
        {%- set datasets = graph.sources.values()
            | selectattr('source_name', 'equalto', 'landing') | list -%}
        insert into {{ ops_table('run_bounds') }}
            (run_id, dataset, upto_seq, frozen_at)
        {%- for dataset in datasets | map(attribute='name') | sort %}
        {% if not loop.first %}union all {% endif -%}
        select
            '{{ invocation_id }}',
            '{{ dataset }}',
            coalesce(max(load_seq), 0),
            getdate()
        from {{ ledger_table(dataset) }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
