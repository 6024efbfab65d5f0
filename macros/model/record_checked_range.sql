{% macro record_checked_range() -%}
    {%- if not flags.EMPTY -%}
        {%- set mutex = mutex_table(entity_config('entity')) -%}
        {#- Nodes share dbt's graph: `require_checked_rows` reads it there -#}
        {%- do graph.setdefault('checked_entities', []).append((invocation_id, entity_config('entity'))) -%}
        {%- set ranges -%}
        {%- for dataset in entity_config('datasets') or [] %}
        {%- set upto_seq = frozen_bound(dataset) %}
        {#- A range without rows starts where it ends, unless the model starts anew; of others each row tells the range #}
        select
            cast('{{ invocation_id }}' as varchar(64)) as run_id,
            cast('{{ dataset }}' as varchar(128)) as dataset,
            coalesce(max(_from_seq), {{ upto_seq if continues() else 0 }}) as from_seq,
            coalesce(max(_upto_seq), {{ upto_seq }}) as upto_seq
        from (
            select _from_seq, _upto_seq
            from {{ this }}
            where _run_id = '{{ invocation_id }}' and _dataset = '{{ dataset }}'
            limit 1
        ) as any_row
        {% if not loop.last %}union all{% endif %}
        {%- endfor -%}
        {%- endset -%}
        {%- do require_whole_range(ranges) -%}
        delete from {{ mutex }};
        insert into {{ mutex }} (run_id, dataset, from_seq, upto_seq)
        {{ ranges }}
    {%- endif -%}
{%- endmacro %}
