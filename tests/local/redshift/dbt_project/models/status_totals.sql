{{ config(materialized='view') }}

select
    o.status,
    c.country_name,
    count(*) as orders,
    avg(o.amount) as average_amount,
    listagg(distinct o.order_id, ', ') within group (order by o.order_id) as order_ids
from {{ ref('orders_merge') }} as o
left join {{ ref('countries') }} as c on c.country_code = 'DE'
group by o.status, c.country_name
