select
    service_month,
    sum(claims) as claims,
    sum(claims_denied) as claims_denied,
    cast(
        round(1.0 * sum(claims_denied) / nullif(sum(claims), 0), 4)
        as decimal(5, 4)
    ) as denied_share
from {{ ref('fct_monthly_claims') }}
group by service_month
order by service_month
