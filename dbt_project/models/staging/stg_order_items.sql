{% set widths = {
    'order_item_id': 64,
    'order_id': 64,
    'product_id': 64,
} %}

with source as (

    select
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price,
        discount_amount,
        line_total,
        updated_at,
        _file_id,
        _source_file,
        _file_modified_at,
        _load_seq,
        _loaded_at
    from {{ source('landing', 'order_items') }}

),

narrowed as (

    select
        {{ narrow_text('order_item_id', widths.order_item_id) }} as order_item_id,
        {{ narrow_text('order_id', widths.order_id) }} as order_id,
        {{ narrow_text('product_id', widths.product_id) }} as product_id,
        {{ narrow_integer('quantity') }} as quantity,
        {{ narrow_decimal('unit_price', 18, 2) }} as unit_price,
        {{ narrow_decimal('discount_amount', 18, 2) }} as discount_amount,
        {{ narrow_decimal('line_total', 18, 2) }} as line_total,
        cast(updated_at as timestamp) as updated_at,
        {{ narrowing_reasons(
            texts=widths,
            integers=['quantity'],
            decimals={
                'unit_price': (18, 2),
                'discount_amount': (18, 2),
                'line_total': (18, 2),
            },
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
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price,
        discount_amount,
        line_total,
        updated_at,
        cast(_narrowing_reasons as varchar(1000)) as _narrowing_reasons,
        {{ business_time(['updated_at']) }} as _business_at,
        {{ row_digest([
            'order_item_id',
            'order_id',
            'product_id',
            'quantity',
            'unit_price',
            'discount_amount',
            'line_total',
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
