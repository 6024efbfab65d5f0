with runs as (

    select
        run_id,
        command,
        outcome,
        models,
        gates,
        failed,
        started_at,
        ended_at
    from {{ ref('stg_runs') }}

),

final as (

    select
        run_id,
        command,
        outcome,
        models,
        gates,
        failed,
        datediff(second, started_at, ended_at) as seconds,
        started_at,
        ended_at
    from runs

)

select * from final
