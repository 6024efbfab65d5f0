with customers as (

    select
        customer_id,
        count(order_id) as orders
    from {{ ref('fct_orders') }}
    group by customer_id

)

select
    orders,
    count(customer_id) as customers
from customers
group by orders
order by orders
