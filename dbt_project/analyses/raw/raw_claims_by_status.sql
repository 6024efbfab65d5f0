select
    claim_status,
    count(*) as versions,
    count(distinct claim_id) as claims,
    sum(billed_amount) as billed_amount
from claims
group by claim_status
order by versions desc, claim_status asc
