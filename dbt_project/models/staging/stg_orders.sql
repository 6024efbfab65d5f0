{% set widths = {
    'order_id': 64,
    'customer_id': 64,
    'order_status': 32,
    'currency': 3,
    'shipping_country': 2,
} %}

with source as (

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
        _file_id,
        _source_file,
        _file_modified_at,
        _load_seq,
        _loaded_at
    from {{ source('landing', 'order_summary') }}

),

narrowed as (

    select
        {{ narrow_text('order_id', widths.order_id) }} as order_id,
        {{ narrow_text('customer_id', widths.customer_id) }} as customer_id,
        {{ narrow_text('order_status', widths.order_status) }} as order_status,
        {{ narrow_text('currency', widths.currency) }} as currency,
        {{ narrow_text('shipping_country', widths.shipping_country) }}
            as shipping_country,
        {{ narrow_integer('item_count') }} as item_count,
        {{ narrow_decimal('order_total', 18, 2) }} as order_total,
        cast(ordered_at as timestamp) as ordered_at,
        cast(updated_at as timestamp) as updated_at,
        {{ narrowing_reasons(
            texts=widths,
            integers=['item_count'],
            decimals={'order_total': (18, 2)},
        ) }} as _narrowing_reasons,
        _file_id,
        _source_file,
        _file_modified_at,
        _load_seq,
        _loaded_at
    from source

),

final as (

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
        cast(_narrowing_reasons as varchar(1000)) as _narrowing_reasons,
        {{ business_time(['updated_at', 'ordered_at']) }} as _business_at,
        {{ row_digest([
            'order_id',
            'customer_id',
            'order_status',
            'currency',
            'shipping_country',
            'item_count',
            'order_total',
            'ordered_at',
            'updated_at',
        ]) }} as _row_digest,
        _file_id,
        _source_file,
        _file_modified_at,
        _load_seq,
        _loaded_at
    from narrowed

)

select * from final
