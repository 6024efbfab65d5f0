{% set types = business_columns() %}

with order_summary as (

    select
        order_id,
        customer_id,
        order_status,
        currency,
        shipping_country,
        item_count,
        order_total,
        ordered_at,
        updated_at,
        {{ change_columns('order_summary') }},
        {{ file_columns('order_summary') }}
    from {{ source('landing', 'order_summary') }}

),

-- one row per item: an order comes as often as it has items, and is deduplicated later
order_flattened as (

    select
        order_id,
        customer_id,
        order_status,
        currency,
        shipping_country,
        item_count,
        order_total,
        ordered_at,
        order_updated_at as updated_at,
        {{ change_columns('order_flattened') }},
        {{ file_columns('order_flattened') }}
    from {{ source('landing', 'order_flattened') }}

),

landed as (

    select * from order_summary
    union all
    select * from order_flattened

),

narrowed as (

    select
        {{ narrow_columns(types) }},
        {{ narrowing_reasons(types) }} as _narrowing_reasons,
        {{ change_columns() }},
        {{ file_columns() }}
    from landed

),

final as (

    select
        narrowed.*,
        {{ business_time(['updated_at', 'ordered_at']) }} as _business_at,
        {{ row_digest(types) }} as _row_digest
    from narrowed

)

select * from final
