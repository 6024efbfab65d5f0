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

{% set key = ['order_id'] %}
{% set columns = business_columns() %}
{% set bounds = load_bounds() %}

with to_check as (

    {{ rows_to_check(ref('stg_orders'), key, columns, bounds) }}

),

judged as (

    select
        to_check.*,
        {{ reject_reasons(
            always={
                'order_id_missing': is_missing('order_id'),
                'updated_at_out_of_range': is_out_of_time('updated_at'),
            },
            unless_deleted={
                'order_status_missing': is_missing('order_status'),
                'order_status_unknown': "order_status not in (
                    'placed', 'paid', 'shipped', 'delivered', 'cancelled', 'returned'
                )",
                'currency_missing': is_missing('currency'),
                'currency_malformed': "currency !~ '^[A-Z][A-Z][A-Z]$'",
                'shipping_country_malformed': "shipping_country !~ '^[A-Z][A-Z]$'",
                'item_count_negative': 'item_count < 0',
                'order_total_missing': is_missing('order_total'),
                'order_total_negative': 'order_total < 0',
                'ordered_at_missing': is_missing('ordered_at'),
                'ordered_at_out_of_range': is_out_of_time('ordered_at'),
            },
        ) }} as reasons,
        {{ waiting_reasons() }} as waits_for
    from to_check

),

final as (

    {{ sorted_rows('judged', key, columns, bounds) }}

)

select * from final
