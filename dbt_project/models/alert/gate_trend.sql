with gate_results as (

    select
        run_id,
        gate,
        subject,
        status,
        severity,
        failures,
        cast(executed_at as date) as result_date,
        executed_at
    from {{ ref('stg_gate_results') }}
    where status <> 'skipped'

),

ranked_results as (

    select
        gate,
        subject,
        status,
        severity,
        failures,
        result_date,
        executed_at,
        row_number() over (
            partition by gate, result_date
            order by executed_at desc, run_id desc
        ) as newest_first
    from gate_results

),

days as (

    select
        gate,
        result_date,
        count(*) as runs,
        sum(case when status in ('fail', 'error') then 1 else 0 end) as failed_runs,
        sum(case when status = 'warn' then 1 else 0 end) as warned_runs
    from gate_results
    group by gate, result_date

),

final as (

    select
        ranked_results.gate,
        ranked_results.subject,
        ranked_results.severity,
        ranked_results.status as last_status,
        days.runs,
        days.failed_runs,
        days.warned_runs,
        ranked_results.failures as last_failures,
        ranked_results.failures - lag(ranked_results.failures) over (
            partition by ranked_results.gate
            order by ranked_results.result_date
        ) as failures_change,
        ranked_results.result_date,
        ranked_results.executed_at as last_executed_at
    from ranked_results
    inner join days
        on
            ranked_results.gate = days.gate
            and ranked_results.result_date = days.result_date
    where ranked_results.newest_first = 1

)

select * from final
