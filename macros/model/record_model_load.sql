{% macro record_model_load() -%}
    {#- From 0 on says that a table was built anew. One that keeps its rows has read all, too, where another of its entity
        has none -#}
    {%- set keeps_rows = graph.get('kept_tables', {}).get((invocation_id, model_name(this)), false) -%}
    insert into {{ ops_table('model_loads') }}
        (model, dataset, from_seq, upto_seq, run_id, loaded_at)
    select
        '{{ model_name(this) }}',
        dataset,
        {{ 'case when from_seq = 0 then -1 else from_seq end' if keeps_rows else 'from_seq' }},
        upto_seq,
        run_id,
        getdate()
    from {{ mutex_table(entity_config('entity')) }}
    where run_id = '{{ invocation_id }}'
{%- endmacro %}
