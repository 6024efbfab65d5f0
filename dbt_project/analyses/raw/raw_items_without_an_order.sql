select
    items.order_id,
    count(*) as items
from order_items as items
left join order_summary as orders
    on items.order_id = orders.order_id
where orders.order_id is null
group by items.order_id
order by items desc, items.order_id asc
limit 100
