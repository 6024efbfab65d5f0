with source as (

    select
        run_id,
        gate,
        model,
        status,
        severity,
        failures,
        message,
        executed_at
    from {{ source('ops', 'gate_results') }}

),

final as (

    select
        run_id,
        gate,
        -- gates are named <subject>__<what they ask>
        split_part(gate, '__', 1) as subject,
        model,
        status,
        severity,
        message,
        coalesce(failures, 0) as failures,
        executed_at
    from source

)

select * from final
