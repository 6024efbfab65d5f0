select
    risk_category,
    patient_age_band,
    count(claim_id) as claims,
    count(distinct patient_key) as patients,
    cast(
        round(avg(cast(quality_score as decimal(12, 6))), 2) as decimal(5, 2)
    ) as quality_score
from {{ ref('fct_claims') }}
group by risk_category, patient_age_band
order by risk_category, patient_age_band
