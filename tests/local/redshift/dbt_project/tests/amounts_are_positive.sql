select order_id from {{ ref('orders_merge') }} where amount < 0
