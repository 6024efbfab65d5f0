{% macro record_model_load() -%}
    insert into {{ ops_table('model_loads') }}
        (model, dataset, from_seq, upto_seq, run_id, loaded_at)
    select
        '{{ model_name(this) }}',
        dataset,
        from_seq,
        upto_seq,
        run_id,
        getdate()
    from {{ mutex_table(entity_config('entity')) }}
    where run_id = '{{ invocation_id }}'
{%- endmacro %}
