{{ config(materialized='table', dist='order_id', sort=['loaded_at'], grants={'select': ['dbt_reader']}) }}

select
    order_id,
    status,
    country_code,
    amount,
    loaded_at,
    datediff(day, loaded_at, getdate()) as age_days,
    dateadd(month, 1, loaded_at) as due_at
from {{ ref('stg_orders') }}
qualify row_number() over (partition by order_id order by loaded_at desc) = 1
