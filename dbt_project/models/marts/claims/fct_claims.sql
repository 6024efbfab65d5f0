{{ config(
    dist='claim_id',
    sort='service_date',
) }}

with claims as (

    select
        claim_id,
        patient_key,
        provider_id,
        claim_status,
        claim_type,
        diagnosis_code,
        procedure_code,
        billed_amount,
        allowed_amount,
        paid_amount,
        service_date,
        submitted_at,
        updated_at
    from {{ ref('claims') }}
    where not is_deleted

),

providers as (

    select
        provider_id,
        specialty,
        state,
        is_in_network
    from {{ ref('providers') }}
    where not is_deleted

),

patients as (

    select
        patient_key,
        gender,
        birth_year
    from {{ ref('patients') }}
    where not is_deleted

),

enriched as (

    select
        claims.*,
        providers.specialty as provider_specialty,
        providers.state as provider_state,
        providers.is_in_network,
        patients.gender as patient_gender,
        {{ diagnosis_chapter('claims.diagnosis_code') }} as diagnosis_chapter,
        -- of who is born after the service one of the two is wrong
        case
            when extract(year from claims.service_date) >= patients.birth_year
                then extract(year from claims.service_date) - patients.birth_year
        end as patient_age,
        datediff(day, claims.service_date, claims.submitted_at)
            as days_to_submit
    from claims
    left join providers
        on claims.provider_id = providers.provider_id
    left join patients
        on claims.patient_key = patients.patient_key

),

scored as (

    select
        enriched.*,
        {{ claim_risk_points() }} as risk_points,
        {{ claim_quality_score() }} as quality_score
    from enriched

),

final as (

    select
        claim_id,
        patient_key,
        provider_id,
        claim_status,
        claim_type,
        diagnosis_code,
        cast(diagnosis_chapter as varchar(32)) as diagnosis_chapter,
        procedure_code,
        provider_specialty,
        provider_state,
        patient_gender,
        cast(case
            when patient_age is null then 'unknown'
            when patient_age < 18 then '0-17'
            when patient_age < 40 then '18-39'
            when patient_age < 65 then '40-64'
            else '65+'
        end as varchar(8)) as patient_age_band,
        cast(case
            when risk_points >= 6 then 'high'
            when risk_points >= 3 then 'medium'
            else 'low'
        end as varchar(8)) as risk_category,
        billed_amount,
        allowed_amount,
        paid_amount,
        cast(risk_points as integer) as risk_points,
        cast(quality_score as decimal(5, 2)) as quality_score,
        cast(days_to_submit as integer) as days_to_submit,
        is_in_network,
        service_date,
        submitted_at,
        updated_at
    from scored

)

select * from final
