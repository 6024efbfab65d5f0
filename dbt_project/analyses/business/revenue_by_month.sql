with months as (

    select
        date_trunc('month', order_date) as order_month,
        count(order_id) as orders,
        sum(order_total_usd) as revenue_usd
    from {{ ref('fct_orders') }}
    where not is_cancelled_or_returned
    group by date_trunc('month', order_date)

)

select
    order_month,
    orders,
    revenue_usd,
    revenue_usd - lag(revenue_usd) over (order by order_month) as change_usd
from months
order by order_month
