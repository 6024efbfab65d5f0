{{ config(sort='service_month') }}

with claims as (

    select
        claim_id,
        patient_key,
        claim_status,
        claim_type,
        risk_category,
        billed_amount,
        allowed_amount,
        paid_amount,
        quality_score,
        cast(date_trunc('month', service_date) as date) as service_month
    from {{ ref('fct_claims') }}

),

final as (

    select
        claim_type,
        risk_category,
        cast(count(claim_id) as bigint) as claims,
        cast(count(distinct patient_key) as bigint) as patients,
        cast(sum(case when claim_status = 'denied' then 1 else 0 end) as bigint)
            as claims_denied,
        cast(sum(billed_amount) as decimal(38, 2)) as billed_amount,
        cast(sum(allowed_amount) as decimal(38, 2)) as allowed_amount,
        cast(sum(paid_amount) as decimal(38, 2)) as paid_amount,
        -- AVG cuts to the scale that it is given, and so does a cast
        cast(
            round(avg(cast(quality_score as decimal(12, 6))), 2) as decimal(5, 2)
        ) as quality_score,
        service_month
    from claims
    group by service_month, claim_type, risk_category

)

select * from final
