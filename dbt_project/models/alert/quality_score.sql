with gate_trend as (

    select
        gate,
        subject,
        severity,
        last_status,
        result_date
    from {{ ref('gate_trend') }}

),

-- a run behind a gate that failed looks at the same rows again: its last word counts
ranked_counts as (

    select
        entity,
        checked,
        quarantined,
        cast(counted_at as date) as result_date,
        row_number() over (
            partition by entity, dataset, from_seq, cast(counted_at as date)
            order by counted_at desc, run_id desc
        ) as newest_first
    from {{ ref('stg_checked_rows') }}

),

rows_of_day as (

    select
        entity,
        sum(checked) as checked_rows,
        sum(quarantined) as quarantined_rows,
        result_date
    from ranked_counts
    where newest_first = 1
    group by entity, result_date

),

weighted_gates as (

    select
        subject,
        last_status,
        result_date,
        -- a gate that stops the UPSERT counts twice as much as one that warns
        case when severity = 'error' then 2 else 1 end as weight
    from gate_trend

),

gates_of_day as (

    select
        subject,
        count(*) as gates,
        sum(case when last_status = 'pass' then 1 else 0 end) as passed_gates,
        sum(case when last_status = 'pass' then weight else 0 end) as passed_weight,
        sum(weight) as weight,
        result_date
    from weighted_gates
    group by subject, result_date

),

final as (

    select
        gates_of_day.subject,
        gates_of_day.gates,
        gates_of_day.passed_gates,
        coalesce(rows_of_day.checked_rows, 0) as checked_rows,
        coalesce(rows_of_day.quarantined_rows, 0) as quarantined_rows,
        cast(
            100.0
            * gates_of_day.passed_weight
            / gates_of_day.weight
            * coalesce(
                1.0
                - cast(rows_of_day.quarantined_rows as double precision)
                / nullif(rows_of_day.checked_rows, 0),
                1.0
            )
            as decimal(5, 2)
        ) as quality_score,
        gates_of_day.result_date
    from gates_of_day
    left join rows_of_day
        on
            gates_of_day.subject = rows_of_day.entity
            and gates_of_day.result_date = rows_of_day.result_date

)

select * from final
