select
    order_id,
    count(*) as versions,
    min(updated_at) as first_updated_at,
    max(updated_at) as last_updated_at
from order_summary
group by order_id
having count(*) > 1
order by versions desc, order_id asc
limit 100
