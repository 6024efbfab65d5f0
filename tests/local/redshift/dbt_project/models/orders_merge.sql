{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='order_id',
    on_schema_change='append_new_columns',
    contract={'enforced': true},
    backup=false,
) }}

select
    order_id,
    status,
    amount,
    loaded_at,
    cast('2000-01-01' as timestamp) as modeled_at
from {{ ref('orders_table') }}
{% if is_incremental() %}
where loaded_at > (select coalesce(max(loaded_at), '1900-01-01') from {{ this }})
{% endif %}
