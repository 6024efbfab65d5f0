select
    currency,
    count(order_id) as orders,
    min(order_total) as smallest,
    median(order_total) as median_order,
    max(order_total) as largest
from {{ ref('fct_orders') }}
group by currency
order by currency
