with items as (

    select
        order_id,
        sum(line_total) as items_total
    from {{ ref('order_items') }}
    where not is_deleted
    group by order_id

)

select
    orders.order_id,
    orders.order_total,
    items.items_total,
    orders.order_total - items.items_total as difference
from {{ ref('orders') }} as orders
inner join items
    on orders.order_id = items.order_id
where
    not orders.is_deleted
    and orders.order_total <> items.items_total
order by orders.order_id
