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

loads_per_run as (

    select
        run_id,
        count(*) as loads
    from {{ ref('stg_model_loads') }}
    group by run_id

),

final as (

    select
        runs.run_id,
        runs.command,
        runs.outcome,
        runs.models,
        runs.gates,
        runs.failed,
        coalesce(loads_per_run.loads, 0) as loads,
        datediff(second, runs.started_at, runs.ended_at) as seconds,
        runs.started_at,
        runs.ended_at
    from runs
    left join loads_per_run
        on runs.run_id = loads_per_run.run_id

)

select * from final
