{% macro note_undos(datasets) -%}
    {%- set known = checked_datasets() | select('in', datasets) | list -%}
    {%- if known %}
        {#- Nothing has been read yet: what is undone by now, no model of this run can hold. What has landed since the bounds
            were frozen is of the next run: models go by the lower bound, plans by the higher -#}
        insert into {{ ops_table('run_bounds') }}
            (run_id, dataset, upto_seq, frozen_at)
        {%- for dataset in known %}
        {% if not loop.first %}union all {% endif -%}
        select
            cast('{{ invocation_id }}' as varchar(64)),
            cast('{{ bounds_name(dataset) }}' as varchar(128)),
            max(undone_seq),
            getdate()
        from {{ ledger_table(dataset) }}
        having max(undone_seq) > max(load_seq)
        {%- endfor %};
    {%- endif -%}
{%- endmacro %}
