select
    products.product_id,
    products.product_name,
    products.category,
    sum(items.quantity) as units,
    sum(items.discount_amount) as discount_amount
from {{ ref('order_items') }} as items
inner join {{ ref('dim_products') }} as products
    on items.product_id = products.product_id
where not items.is_deleted
group by products.product_id, products.product_name, products.category
order by units desc, products.product_id asc
limit 100
