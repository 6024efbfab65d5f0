select
    provider_specialty,
    count(claim_id) as claims,
    sum(billed_amount) as billed_amount,
    sum(allowed_amount) as allowed_amount,
    sum(paid_amount) as paid_amount,
    cast(
        sum(paid_amount) / nullif(sum(billed_amount), 0) as decimal(12, 4)
    ) as paid_share
from {{ ref('fct_claims') }}
group by provider_specialty
order by billed_amount desc
