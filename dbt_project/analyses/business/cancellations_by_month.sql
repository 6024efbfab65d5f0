select
    date_trunc('month', order_date) as order_month,
    count(order_id) as orders,
    sum(case when is_cancelled_or_returned then 1 else 0 end) as cancelled,
    cast(
        round(
            sum(case when is_cancelled_or_returned then 1.0 else 0.0 end)
            / count(order_id),
            4
        )
        as decimal(5, 4)
    ) as cancelled_share
from {{ ref('fct_orders') }}
group by date_trunc('month', order_date)
order by order_month
