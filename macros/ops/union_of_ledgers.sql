{% macro union_of_ledgers() -%}
    {%- for dataset in landing_datasets() %}
    select
        cast('{{ dataset }}' as varchar(128)) as dataset,
        file_id,
        bucket,
        key,
        row_count,
        load_seq,
        loaded_at,
        undone_at
    from {{ ledger_table(dataset) }}
    where coalesce(load_path, '') <> 'skipped'
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
{%- endmacro %}
