with source as (

    select
        run_id,
        entity,
        dataset,
        from_seq,
        upto_seq,
        accepted,
        quarantined,
        pending,
        counted_at
    from {{ source('ops', 'checked_rows') }}

),

final as (

    select
        run_id,
        entity,
        dataset,
        from_seq,
        upto_seq,
        accepted,
        quarantined,
        pending,
        accepted + quarantined + pending as checked,
        counted_at
    from source

)

select * from final
