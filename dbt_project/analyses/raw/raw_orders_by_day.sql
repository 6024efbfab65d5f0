select
    cast(ordered_at as date) as order_date,
    count(*) as versions,
    count(distinct order_id) as orders,
    sum(order_total) as order_total
from order_summary
group by cast(ordered_at as date)
order by order_date
