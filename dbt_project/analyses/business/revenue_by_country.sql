select
    shipping_country,
    count(order_id) as orders,
    sum(order_total_usd) as revenue_usd
from {{ ref('fct_orders') }}
where not is_cancelled_or_returned
group by shipping_country
order by revenue_usd desc
