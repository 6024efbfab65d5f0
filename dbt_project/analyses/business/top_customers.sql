select
    customers.customer_id,
    customers.customer_name,
    customers.country,
    count(orders.order_id) as orders,
    sum(orders.order_total_usd) as revenue_usd
from {{ ref('fct_orders') }} as orders
inner join {{ ref('dim_customers') }} as customers
    on orders.customer_id = customers.customer_id
where not orders.is_cancelled_or_returned
group by customers.customer_id, customers.customer_name, customers.country
order by revenue_usd desc, customers.customer_id asc
limit 100
