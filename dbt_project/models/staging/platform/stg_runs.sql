with source as (

    select
        run_id,
        command,
        outcome,
        models,
        gates,
        failed,
        started_at,
        ended_at
    from {{ source('ops', 'runs') }}

),

final as (

    select
        run_id,
        command,
        outcome,
        models,
        gates,
        failed,
        started_at,
        ended_at
    from source

)

select * from final
