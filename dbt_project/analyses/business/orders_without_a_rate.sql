select
    currency,
    count(order_id) as orders,
    min(order_date) as first_day,
    max(order_date) as last_day
from {{ ref('fct_orders') }}
where order_total_usd is null
group by currency
order by orders desc
