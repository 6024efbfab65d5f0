{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['order_id']) }}

select order_id, status, amount, loaded_at
from {{ ref('orders_table') }}
