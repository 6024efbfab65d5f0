with source as (

    select
        model,
        dataset,
        run_id,
        from_seq,
        upto_seq,
        loaded_at
    from {{ source('ops', 'model_loads') }}

),

final as (

    select
        model,
        dataset,
        run_id,
        from_seq,
        upto_seq,
        loaded_at
    from source

)

select * from final
