{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    dist='order_id',
    sort='_load_seq',
    pre_hook="{{ lock_entity() }}",
    post_hook=[
        "{{ keep_this_run_only() }}",
        "{{ record_checked_range() }}",
    ],
) }}

-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('stg_model_loads') }}

{% set key = ['order_item_id'] %}
{% set columns = business_columns() %}
{% set bounds = load_bounds() %}

with to_check as (

    {{ rows_to_check(ref('stg_order_items'), key, columns, bounds) }}

),

-- deleted ones too: that an order ever existed is all that an item may ask
known_orders as (

    select order_id as known_order_id
    from {{ ref('orders') }}

),

judged as (

    select
        to_check.*,
        {{ reject_reasons(
            always={
                'order_item_id_missing': is_missing('order_item_id'),
                'updated_at_missing': is_missing('updated_at'),
                'updated_at_out_of_range': is_out_of_time('updated_at'),
            },
            unless_deleted={
                'order_id_missing': is_missing('order_id'),
                'product_id_missing': is_missing('product_id'),
                'quantity_missing': is_missing('quantity'),
                'quantity_not_positive': 'quantity <= 0',
                'unit_price_missing': is_missing('unit_price'),
                'unit_price_negative': 'unit_price < 0',
                'discount_amount_negative': 'discount_amount < 0',
                'line_total_missing': is_missing('line_total'),
                'line_total_mismatch': "line_total
                    <> quantity * unit_price - coalesce(discount_amount, 0)",
            },
        ) }} as reasons,
        {{ waiting_reasons({
            'order_not_known': 'known_orders.known_order_id is null',
        }) }} as waits_for
    from to_check
    left join known_orders
        on to_check.order_id = known_orders.known_order_id

),

final as (

    {{ sorted_rows('judged', key, columns, bounds) }}

)

select * from final
