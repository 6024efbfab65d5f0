with gate_trend as (

    select
        gate,
        subject,
        severity,
        last_status,
        result_date
    from {{ ref('gate_trend') }}

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

final as (

    select
        subject,
        count(*) as gates,
        sum(case when last_status = 'pass' then 1 else 0 end) as passed_gates,
        cast(
            100.0
            * sum(case when last_status = 'pass' then weight else 0 end)
            / sum(weight)
            as decimal(5, 2)
        ) as quality_score,
        result_date
    from weighted_gates
    group by subject, result_date

)

select * from final
