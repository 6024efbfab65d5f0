{{ config(materialized='view', bind=false) }}

select
    order_id,
    status::varchar(16) as status,
    amount,
    nvl(country, 'DE')::varchar(2) as country_code,
    loaded_at
from {{ source('shop', 'orders') }}
