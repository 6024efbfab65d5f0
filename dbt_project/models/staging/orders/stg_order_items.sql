{% set types = business_columns() %}

with order_items as (

    select
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price,
        discount_amount,
        line_total,
        updated_at,
        {{ change_columns('order_items') }},
        {{ file_columns('order_items') }}
    from {{ source('landing', 'order_items') }}

),

order_flattened as (

    select
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price,
        discount_amount,
        line_total,
        item_updated_at as updated_at,
        {{ change_columns('order_flattened') }},
        {{ file_columns('order_flattened') }}
    from {{ source('landing', 'order_flattened') }}

),

landed as (

    select * from order_items
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
        {{ business_time(['updated_at']) }} as _business_at,
        {{ row_digest(types) }} as _row_digest
    from narrowed

)

select * from final
